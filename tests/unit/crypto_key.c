/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/hexval.h"
#include "crypto/edwards448.h"
#include "crypto/key.h"
#include "crypto/secret.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* RFC 8032, Sections 7.1 and 7.4 */
static const struct {
  int32_t curve;
  const char *seed, *public_key, *message, *signature;
} eddsa[] = {
  { 6, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
  { 6, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
  { 6, "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
  { 6, "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704" },
  { 7, "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b",
    "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
    "",
    "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600" },
  { 7, "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
    "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
    "03",
    "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00" },
  { 7, "cd23d24f714274e744343237b93290f511f6425f98e64459ff203e8985083ffdf60500553abc0e05cd02184bdb89c4ccd67e187951267eb328",
    "dcea9e78f35a1bf3499a831b10b86c90aac01cd84b67a0109b55a36e9328b1e365fce161d71ce7131a543ea4cb5f7e9f1d8b00696447001400",
    "0c3e544074ec63b0265e0c",
    "1f0a8888ce25e8d458a21130879b840a9089d999aaba039eaf3e3afa090a09d389dba82c4ff2ae8ac5cdfb7c55e94d5d961a29fe0109941e00b8dbdeea6d3b051068df7254c0cdc129cbe62db2dc957dbb47b51fd3f213fb8698f064774250a5028961c9bf8ffd973fe5d5c206492b140e00" },
  { 7, "258cdd4ada32ed9c9ff54e63756ae582fb8fab2ac721f2c8e676a72768513d939f63dddb55609133f29adf86ec9929dccb52c1c5fd2ff7e21b",
    "3ba16da0c6f2cc1f30187740756f5e798d6bc5fc015d7c63cc9510ee3fd44adc24d8e968b6e46e6f94d19b945361726bd75e149ef09817f580",
    "64a65f3cdedcdd66811e2915",
    "7eeeab7c4e50fb799b418ee5e3197ff6bf15d43a14c34389b59dd1a7b1b85b4ae90438aca634bea45e3a2695f1270f07fdcdf7c62b8efeaf00b45c2c96ba457eb1a8bf075a3db28e5c24f6b923ed4ad747c3c9e03c7079efb87cb110d3a99861e72003cbae6d6b8b827e4e6c143064ff3c00" },
  { 7, "7ef4e84544236752fbb56b8f31a23a10e42814f5f55ca037cdcc11c64c9a3b2949c1bb60700314611732a6c2fea98eebc0266a11a93970100e",
    "b3da079b0aa493a5772029f0467baebee5a8112d9d3a22532361da294f7bb3815c5dc59e176b4d9f381ca0938e13c6c07b174be65dfa578e80",
    "64a65f3cdedcdd66811e2915e7",
    "6a12066f55331b6c22acd5d5bfc5d71228fbda80ae8dec26bdd306743c5027cb4890810c162c027468675ecf645a83176c0d7323a2ccde2d80efe5a1268e8aca1d6fbc194d3f77c44986eb4ab4177919ad8bec33eb47bbb5fc6e28196fd1caf56b4e7e0ba5519234d047155ac727a1053100" },
  { 7, "d65df341ad13e008567688baedda8e9dcdc17dc024974ea5b4227b6530e339bff21f99e68ca6968f3cca6dfe0fb9f4fab4fa135d5542ea3f01",
    "df9705f58edbab802c7f8363cfe5560ab1c6132c20a9f1dd163483a26f8ac53a39d6808bf4a1dfbd261b099bb03b3fb50906cb28bd8a081f00",
    "bd0f6a3747cd561bdddf4640a332461a4a30a12a434cd0bf40d766d9c6d458e5512204a30c17d1f50b5079631f64eb3112182da3005835461113718d1a5ef944",
    "554bc2480860b49eab8532d2a533b7d578ef473eeb58c98bb2d0e1ce488a98b18dfde9b9b90775e67f47d4a1c3482058efc9f40d2ca033a0801b63d45b3b722ef552bad3b4ccb667da350192b61c508cf7b6b5adadc2c8d9a446ef003fb05cba5f30e88e36ec2703b349ca229c2670833900" },
  { 7, "2ec5fe3c17045abdb136a5e6a913e32ab75ae68b53d2fc149b77e504132d37569b7e766ba74a19bd6162343a21c8590aa9cebca9014c636df5",
    "79756f014dcfe2079f5dd9e718be4171e2ef2486a08f25186f6bff43a9936b9bfe12402b08ae65798a3d81e22e9ec80e7690862ef3d4ed3a00",
    "15777532b0bdd0d1389f636c5f6b9ba734c90af572877e2d272dd078aa1e567cfa80e12928bb542330e8409f3174504107ecd5efac61ae7504dabe2a602ede89e5cca6257a7c77e27a702b3ae39fc769fc54f2395ae6a1178cab4738e543072fc1c177fe71e92e25bf03e4ecb72f47b64d0465aaea4c7fad372536c8ba516a6039c3c2a39f0e4d832be432dfa9a706a6e5c7e19f397964ca4258002f7c0541b590316dbc5622b6b2a6fe7a4abffd96105eca76ea7b98816af0748c10df048ce012d901015a51f189f3888145c03650aa23ce894c3bd889e030d565071c59f409a9981b51878fd6fc110624dcbcde0bf7a69ccce38fabdf86f3bef6044819de11",
    "c650ddbb0601c19ca11439e1640dd931f43c518ea5bea70d3dcde5f4191fe53f00cf966546b72bcc7d58be2b9badef28743954e3a44a23f880e8d4f1cfce2d7a61452d26da05896f0a50da66a239a8a188b6d825b3305ad77b73fbac0836ecc60987fd08527c1a8e80d5823e65cafe2a3d00" },
};

/* RFC 6979, Appendices A.2.5 to A.2.7 */
static const struct {
  int32_t curve;
  const char *scalar, *message, *signature;
} ecdsa[] = {
  { 1, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", "sample",
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
  { 1, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", "test",
    "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083" },
  { 2, "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", "sample",
    "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8" },
  { 2, "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", "test",
    "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023dbddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5" },
  { 3, "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538", "sample",
    "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a" },
  { 3, "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538", "test",
    "013e99020abf5cee7525d16b69b229652ab6bdf2affcaef38773b4b7d08725f10cdb93482fdcc54edcee91eca4166b2a7c6265ef0ce2bd7051b7cef945babd47ee6d01fbd0013c674aa79cb39849527916ce301c66ea7ce8b80682786ad60f98f7e78a19ca69eff5c57400e3b3a0ad66ce0978214d13baf4e9ac60752f7b155e2de4dce3" },
};

/* computed by OpenSSL through python3-cryptography 38 */
static const struct {
  int32_t curve;
  const char *a, *a_public, *b, *b_public, *secret;
} ecdh[] = {
  { 1, "05b52a440816c444f63d9eefba57d17dbc040246c3e4af4b9622d84d7a8e4017",
    "392aa0cc8e9efc1c066945e97d87d883ed1b9a292059c3385bbb67691734fc02d3654675ca53091e7c8634a38ace17db825505bbb9493f5f1cd1911ffab6ed8a",
    "c3b92793cb6bc2d5a99ba50d6a451d3bbc8c0a13d5e83d929d750289da741662",
    "2e7101160f354e4dd18f7b957f200a75a4e93c495688ebcf5e96586b66d708666e5cc2d67bf87cfd622f512daf0a4b7105568d312efc33a645ec30d097d287a9",
    "1bce4fbdedc9081ff2e972b277a86b01598b7403f90d121bec1e01d78bdcbc80" },
  { 2, "df5cb27fe1b4384e0d99e0355481d1ffb1c0774d7da16a740c9dc4fd85037371faec52fa98b1c5c726b477f5ecf2caf5",
    "20d63838b9996b93d9be38d3cdb49b46d1a3e368058985b7d8dfe5f3d77c9b3b3ad169fbf72de9cdcd0534e61f83daeedcdd00e004150f75d1cdb7ce8fda5ccd06710270981f81f8a9e948ca44ede9f576e16da2ff1bd77ce0ba2a82a55c52ed",
    "a5e536fac28add76b5974c6f1ee483d87aaecc190ed937dbce6555483b35e149b6da8b17696ccd4a266ab7a58b20c35f",
    "760bd2766907bf7dc07c9e2317cc07a82a92d0d7c6684c92f3272acc250fed3c485fb4ef130da4b6bd8af9a67648f990cd0ab52097659c1c49d2f93ec0fd8c38cbfc0815518a965b7c364e2a42b514935cdf9361070262b5be7218389415417e",
    "8dd5b7bf935592d08946b8f8e5ebf9a81a207a6b17d3c4a38012c42c0e92179fb63233fa2bee650474f415f634f94e28" },
  { 3, "00eb03d2e9b6fe15e98e37250faeee32978230760fb773603722a84101cf424466902192c06cf08e76fdc57f612360b9b1fb25fccd7a3eaded370f6e3ca3f2eeca5f",
    "0104f1a86741a255cec45dc703a3fb34dec4afd57b47ce66eb3d4607f370e691bbe32134e415b135fe3f2a0a8ee93ebdf350d46a380c7d6b95772883ea77f13e655001dd99ae9f0c055037704a1b484aefc0a2f833bdd94f94e9ab87aa643aecaeaf5262771c1642945f67313bfb342bf4b454b9f9256bb8610a74fd73f280df4b2fcbec",
    "009bfbe634b409d5f55d1c11f5c0a8a3e2ec427adbb85d002b0a595275b28eed198f28e75d479c41d1ceb3b860d7aef74489baa6e7b2f59d51aa1d7d158124c7b4e5",
    "00f231d32877932d87e36b7675015c34bd43bf991e1694d4eaba38da851dc5ea0fe823aadfbedb65a5332a37bc445a3b6773e12abeb997c6f1cccdc6ae0be73a06ea0107f741755b3149d1502a9f5cad6707cb5c2fed952c2348dc93deeae82971ad04398d8bec25e405f5afd147cb1bd2a77d01b048cdf557b42f47033971ca37971815",
    "00222cc2471e40e368a25a92433984dae736c6cbbba9b7a070301090914373b50c7fd99af6913e13534c59ef9155c25bd9a0ae6ad01ede13e76086692ad75b75d586" },
  { 4, "ad74231ea1261cb2135e36090ea49fd8cb075c71908e717eaa740690bf750c5e",
    "5ac254d2f4b8c2e70abcb8453e8394b1ab18112527996c58e520d90d7176d244",
    "37cd0262ad5cd932593cf05fc62b25d876c78ebccb1ba3c489595c5903fee94c",
    "0628e1c0850bf4edb42f975d087a34353b5e936b391c07f6079cf5f2a39b9814",
    "3dc8486785c0e316572b8ff2836a514423042246ac2dcbe1604582e6d0287d4b" },
  { 5, "331ca306691c1fc769cf711c4ad235959b83c87c7fffe40d547c883a9c23861c426ca8a5b041ecd11720e605593a67630805fcb62de90c46",
    "348b0e50a7c848e361339ffc15a508e21cb9f559d826751bab38d27df8a7172008fc78b41ddd177dbbd688b6b36c48bfa6328f5f6a4ba699",
    "b18901af4d8875473396de453701fec61577466606f76176feab68eb00a69a2dbf9d185eb370908f91f05a542132a8148c21babd59535966",
    "77cd660d754bf0f434b99c34f0fc82d7f4cf5da22e602c63e18e7b4d8c976d57eedf0e59f80d2b96cccfcf9011d4a582df9f7f98a6d021e3",
    "6aff13ea73034b0e2f671f29b4a36a4df763a80e1003549b211cc7f7dcb5b53812e358244729c66e331028ff237fcf01716d7853adadfdd4" },
};

/* A wrong bit anywhere and a wrong length are refused. */
static void check_forgeries(const struct gc_public_key *key, struct gc_bytes message, struct gc_bytes signature)
{
  uint8_t copy[GC_SIGNATURE_MAX_LEN + 1];
  for (size_t bit = 0; bit < signature.len * 8; bit += 7) {
    memcpy(copy, signature.ptr, signature.len);
    copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    assert_false(gc_verify(key, message, gc_bytes(copy, signature.len)));
  }
  assert_false(gc_verify(key, message, gc_bytes(signature.ptr, signature.len - 1)));
  memcpy(copy, signature.ptr, signature.len);
  copy[signature.len] = 0;
  assert_false(gc_verify(key, message, gc_bytes(copy, signature.len + 1)));
  assert_false(gc_verify(key, gc_bytes("other", 5), signature));
}

static void eddsa_vectors(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT(eddsa); i++) {
    struct gc_key_pair pair;
    uint8_t out[GC_SIGNATURE_MAX_LEN];
    struct gc_bytes message = hexval(eddsa[i].message), signature = hexval(eddsa[i].signature);
    assert_int_equal(gc_key_pair_set(&pair, eddsa[i].curve, hexval(eddsa[i].seed)), GC_OK);
    assert_int_equal(pair.public_key.len, hexval(eddsa[i].public_key).len);
    assert_memory_equal(pair.public_key.bytes, hexval(eddsa[i].public_key).ptr, pair.public_key.len);
    assert_int_equal(gc_signature_len(eddsa[i].curve), signature.len);
    assert_int_equal(gc_sign(&pair, message, out), GC_OK);
    assert_memory_equal(out, signature.ptr, signature.len);
    assert_true(gc_verify(&pair.public_key, message, signature));
    check_forgeries(&pair.public_key, message, signature);
  }
}

static void ecdsa_vectors(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT(ecdsa); i++) {
    struct gc_key_pair pair;
    uint8_t out[GC_SIGNATURE_MAX_LEN];
    struct gc_bytes message = gc_bytes_str(ecdsa[i].message), signature = hexval(ecdsa[i].signature);
    assert_int_equal(gc_key_pair_set(&pair, ecdsa[i].curve, hexval(ecdsa[i].scalar)), GC_OK);
    assert_int_equal(gc_sign(&pair, message, out), GC_OK);
    assert_memory_equal(out, signature.ptr, signature.len);
    assert_true(gc_verify(&pair.public_key, message, signature));
    check_forgeries(&pair.public_key, message, signature);
  }
}

/* r = s = 0 must not pass as a signature */
static void refuses_zero_signatures(void **state)
{
  (void)state;
  uint8_t zero[GC_SIGNATURE_MAX_LEN] = { 0 };
  for (size_t i = 0; gc_curve_at(i); i++) {
    struct gc_key_pair pair;
    assert_int_equal(gc_key_pair_generate(&pair, gc_curve_at(i)->id), GC_OK);
    assert_false(gc_verify(&pair.public_key, gc_bytes("m", 1), gc_bytes(zero, gc_curve_at(i)->signature_len)));
  }
}

/* @req C32 */
static void ecdh_vectors(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT(ecdh); i++) {
    struct gc_key_pair a, b;
    uint8_t out[GC_SHARED_SECRET_MAX_LEN];
    struct gc_bytes secret = hexval(ecdh[i].secret);
    assert_int_equal(gc_key_pair_set(&a, ecdh[i].curve, hexval(ecdh[i].a)), GC_OK);
    assert_int_equal(gc_key_pair_set(&b, ecdh[i].curve, hexval(ecdh[i].b)), GC_OK);
    assert_memory_equal(a.public_key.bytes, hexval(ecdh[i].a_public).ptr, a.public_key.len);
    assert_memory_equal(b.public_key.bytes, hexval(ecdh[i].b_public).ptr, b.public_key.len);
    assert_int_equal(gc_curve_by_id(ecdh[i].curve)->shared_len, secret.len);
    assert_int_equal(gc_shared_secret(&a, &b.public_key, out), GC_OK);
    assert_memory_equal(out, secret.ptr, secret.len);
    assert_int_equal(gc_shared_secret(&b, &a.public_key, out), GC_OK);
    assert_memory_equal(out, secret.ptr, secret.len);
  }
}

/* @req C32 C33 C34 */
static void both_sides_agree_on_every_curve(void **state)
{
  (void)state;
  for (size_t i = 0; gc_curve_at(i); i++) {
    for (int round = 0; round < 8; round++) {
      struct gc_key_pair a, b;
      uint8_t za[GC_SHARED_SECRET_MAX_LEN], zb[GC_SHARED_SECRET_MAX_LEN];
      assert_int_equal(gc_key_pair_generate(&a, gc_curve_at(i)->id), GC_OK);
      assert_int_equal(gc_key_pair_generate(&b, gc_curve_at(i)->id), GC_OK);
      assert_int_equal(gc_shared_secret(&a, &b.public_key, za), GC_OK);
      assert_int_equal(gc_shared_secret(&b, &a.public_key, zb), GC_OK);
      assert_memory_equal(za, zb, gc_curve_at(i)->shared_len);
    }
  }
}

/* The base point of edwards448 (RFC 8032, Section 5.2) maps to u = 5 (RFC 7748, Section 4.2). @req C34 */
static void ed448_base_point_maps_to_5(void **state)
{
  (void)state;
  struct gc_bytes y = hexval("14fa30f25b790898adc8d74e2c13bdfdc4397ce61cffd33ad7c2a0051e9c78874098a36c7373ea4b62c7c9563720768824bcb66e71463f6900");
  uint8_t u[56], five[56] = { 5 };
  assert_int_equal(y.len, 57);
  assert_true(gc_ed448_public_to_x448(u, y.ptr));
  assert_memory_equal(u, five, 56);
}

/* @req C33 C34 C35 */
static void refuses_low_order_and_invalid_points(void **state)
{
  (void)state;
  static const struct {
    int32_t curve;
    const char *point;
  } rows[] = {
    { 6, "0100000000000000000000000000000000000000000000000000000000000000" }, /* y = 1 */
    { 6, "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" }, /* y = -1 */
    { 6, "0000000000000000000000000000000000000000000000000000000000000000" }, /* order 4 */
    { 6, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05" }, /* order 8 */
    { 4, "0000000000000000000000000000000000000000000000000000000000000000" },
    { 4, "0100000000000000000000000000000000000000000000000000000000000000" },
    { 4, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800" },
    { 7, "010000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" }, /* y = 1 */
    { 7, "fefffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffffffffffffffffffffffffffff00" }, /* y = -1 */
    { 7, "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" }, /* order 4 */
    { 7, "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffffffffffffffffffffffffffff00" }, /* y = p */
    { 5, "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" },
    { 5, "0100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_key_pair pair;
    struct gc_public_key peer;
    uint8_t out[GC_SHARED_SECRET_MAX_LEN];
    assert_int_equal(gc_key_pair_generate(&pair, rows[i].curve), GC_OK);
    assert_int_equal(gc_public_key_set(&peer, rows[i].curve, hexval(rows[i].point), gc_bytes(NULL, 0), false), GC_OK);
    assert_int_equal(gc_shared_secret(&pair, &peer, out), GC_E_MALFORMED);
  }
}

/* @req C35 */
static void validates_points_of_nist_curves(void **state)
{
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    struct gc_bytes xy = hexval(ecdh[i].a_public);
    struct gc_bytes x = gc_bytes(xy.ptr, xy.len / 2), y = gc_bytes(xy.ptr + xy.len / 2, xy.len / 2);
    struct gc_public_key full, compressed;
    int32_t curve = ecdh[i].curve;
    assert_int_equal(gc_public_key_set(&full, curve, x, y, false), GC_OK);
    bool is_odd = y.ptr[y.len - 1] & 1;
    assert_int_equal(gc_public_key_set(&compressed, curve, x, gc_bytes(NULL, 0), is_odd), GC_OK);
    assert_true(gc_public_key_equal(&full, &compressed));
    assert_int_equal(gc_public_key_set(&compressed, curve, x, gc_bytes(NULL, 0), !is_odd), GC_OK);
    assert_false(gc_public_key_equal(&full, &compressed));
    uint8_t bad[GC_COORD_MAX_LEN];
    memcpy(bad, y.ptr, y.len);
    bad[y.len - 1] ^= 1;
    assert_int_equal(gc_public_key_set(&full, curve, x, gc_bytes(bad, y.len), false), GC_E_MALFORMED);
    memset(bad, 0, sizeof bad);
    assert_int_equal(gc_public_key_set(&full, curve, gc_bytes(bad, x.len), gc_bytes(bad, y.len), false), GC_E_MALFORMED);
    memset(bad, 0xff, sizeof bad);
    assert_int_equal(gc_public_key_set(&full, curve, gc_bytes(bad, x.len), gc_bytes(NULL, 0), false), GC_E_MALFORMED);
    assert_int_equal(gc_public_key_set(&full, curve, gc_bytes(x.ptr, x.len - 1), y, false), GC_E_RANGE);
    assert_int_equal(gc_public_key_set(&full, curve, x, gc_bytes(y.ptr, y.len - 1), false), GC_E_RANGE);
  }
  struct gc_public_key key;
  assert_int_equal(gc_public_key_set(&key, 8, gc_bytes("x", 1), gc_bytes(NULL, 0), false), GC_E_UNSUPPORTED);
  assert_int_equal(gc_public_key_set(&key, 0, gc_bytes("x", 1), gc_bytes(NULL, 0), false), GC_E_UNSUPPORTED);
  assert_int_equal(gc_public_key_set(&key, 6, gc_bytes("x", 1), gc_bytes(NULL, 0), false), GC_E_RANGE);
}

static void refuses_scalars_out_of_range(void **state)
{
  (void)state;
  struct gc_key_pair pair;
  uint8_t bytes[66] = { 0 };
  assert_int_equal(gc_key_pair_set(&pair, GC_CURVE_P256, gc_bytes(bytes, 32)), GC_E_MALFORMED);
  assert_int_equal(gc_key_pair_set(&pair, GC_CURVE_P521, gc_bytes(bytes, 66)), GC_E_MALFORMED);
  assert_int_equal(gc_key_pair_set(&pair, GC_CURVE_P256, hexval("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")),
                   GC_E_MALFORMED);
  assert_int_equal(gc_key_pair_set(&pair, GC_CURVE_P256, hexval("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550")),
                   GC_OK);
  assert_int_equal(gc_key_pair_set(&pair, GC_CURVE_P256, gc_bytes(bytes, 31)), GC_E_RANGE);
  assert_int_equal(gc_key_pair_set(&pair, 99, gc_bytes(bytes, 32)), GC_E_UNSUPPORTED);
}

static void keys_do_not_mix(void **state)
{
  (void)state;
  struct gc_key_pair a, b;
  uint8_t out[GC_SIGNATURE_MAX_LEN];
  assert_int_equal(gc_key_pair_generate(&a, GC_CURVE_ED25519), GC_OK);
  assert_int_equal(gc_key_pair_generate(&b, GC_CURVE_X25519), GC_OK);
  assert_int_equal(gc_shared_secret(&a, &b.public_key, out), GC_E_RANGE);
  assert_int_equal(gc_sign(&b, gc_bytes("m", 1), out), GC_E_UNSUPPORTED);
  assert_false(gc_verify(&b.public_key, gc_bytes("m", 1), gc_bytes(out, 64)));
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(eddsa_vectors),
    cmocka_unit_test(ecdsa_vectors),
    cmocka_unit_test(refuses_zero_signatures),
    cmocka_unit_test(ecdh_vectors),
    cmocka_unit_test(both_sides_agree_on_every_curve),
    cmocka_unit_test(ed448_base_point_maps_to_5),
    cmocka_unit_test(refuses_low_order_and_invalid_points),
    cmocka_unit_test(validates_points_of_nist_curves),
    cmocka_unit_test(refuses_scalars_out_of_range),
    cmocka_unit_test(keys_do_not_mix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
