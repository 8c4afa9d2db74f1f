/* A ready group: one context file a member, each knowing all others. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "cose/credential.h"
#include "crypto/secret.h"
#include "gc-keygen.h"

enum { GID_LEN = 4, MASTER_SECRET_LEN = 16, MASTER_SALT_LEN = 8, GID_MAX_LEN = 64 };

/* All that the members' files are made of; in secret memory. */
struct group {
  struct gc_context_file common; /* what all files share; sender and recipients are set for each */
  uint8_t gid[GID_MAX_LEN], master_secret[MASTER_SECRET_LEN], master_salt[MASTER_SALT_LEN];
  struct gc_keygen_identity manager;
  uint32_t count;
  struct gc_context_member *members; /* in secret memory too, with identities behind it */
  struct gc_keygen_identity *identities;
  uint8_t (*ids)[2];
};

static int32_t alg_or_none(const char *option, const char *name, const char *normal, unsigned kinds)
{
  if (name && strcmp(name, "none") == 0)
    return GC_ALG_UNSET;
  const struct gc_alg *alg = gc_alg_by_name(gc_bytes_str(name ? name : normal));
  if (!alg || !(kinds & 1u << alg->kind))
    gc_usage("--%s %s: no algorithm for this purpose", option, name);
  return alg->id;
}

static void choose_algorithms(struct gc_context_file *file, const struct gc_keygen_params *params, int32_t curve)
{
  const bool is_group = file->profile == GC_PROFILE_GROUP_OSCORE;
  const char *aead = "AES-CCM-16-64-128";
  file->hkdf = alg_or_none("hkdf", params->hkdf, "HMAC 256/256", 1u << GC_ALG_HKDF);
  file->aead_alg = alg_or_none("aead-alg", params->aead_alg, aead, 1u << GC_ALG_AEAD);
  file->group_enc_alg = file->sign_alg = file->ecdh_alg = GC_ALG_UNSET;
  if (file->profile != GC_PROFILE_OSCORE)
    file->sign_alg = gc_curve_by_id(curve)->sign_alg;
  if (is_group)
    file->group_enc_alg = alg_or_none("group-enc-alg", params->group_enc_alg, aead, 1u << GC_ALG_AEAD | 1u << GC_ALG_CIPHER);
  if (is_group && file->aead_alg != GC_ALG_UNSET)
    file->ecdh_alg = file->hkdf == GC_ALG_HMAC_512 ? GC_ALG_ECDH_SS_512 : GC_ALG_ECDH_SS_256;
  if (is_group && file->group_enc_alg == GC_ALG_UNSET)
    file->sign_alg = GC_ALG_UNSET;
  if (file->hkdf == GC_ALG_UNSET || (file->aead_alg == GC_ALG_UNSET && file->group_enc_alg == GC_ALG_UNSET))
    gc_usage("no algorithm is left: neither group mode nor pairwise mode would work");
}

static enum gc_context_profile profile_of(const char *name)
{
  static const char *const names[] = { "group-oscore", "oscore", "group-oscore-02" };
  for (unsigned i = 0; name && i < 3; i++)
    if (strcmp(name, names[i]) == 0)
      return (enum gc_context_profile)i;
  if (name)
    gc_usage("--profile %s: group-oscore, oscore or group-oscore-02 is expected", name);
  return GC_PROFILE_GROUP_OSCORE;
}

static void choose_common(struct group *group, const struct gc_keygen_params *params, int32_t curve)
{
  struct gc_context_file *file = &group->common;
  struct gc_buf gid = gc_buf(group->gid, sizeof group->gid);
  struct gc_where where;
  file->profile = profile_of(params->profile);
  file->name = params->operands[0];
  file->cred_fmt = "CCS";
  file->replay_window = 32;
  file->countersign_elements = 5;
  choose_algorithms(file, params, curve);
  if (params->gid && gc_hex_decode(&gid, params->gid, strlen(params->gid), &where))
    gc_usage("--gid %s: hexadecimal digits, at most %d bytes", params->gid, GID_MAX_LEN);
  if (!params->gid) {
    gc_random(group->gid, GID_LEN);
    gid.len = GID_LEN;
  }
  gc_random(group->master_secret, MASTER_SECRET_LEN);
  gc_random(group->master_salt, MASTER_SALT_LEN);
  file->has_gid = true;
  file->gid = gc_buf_bytes(&gid);
  file->master_secret = gc_bytes(group->master_secret, MASTER_SECRET_LEN);
  file->master_salt = gc_bytes(group->master_salt, MASTER_SALT_LEN);
}

/* Sender IDs 01, 02 …; two bytes where there are more than 255 members. */
static struct gc_bytes member_id(uint8_t out[static 2], uint32_t number, uint32_t count)
{
  out[0] = (uint8_t)(count > 255 ? number >> 8 : number);
  out[1] = (uint8_t)number;
  return gc_bytes(out, count > 255 ? 2 : 1);
}

static enum gc_err make_members(struct group *group, const struct gc_keygen_params *params, int32_t curve)
{
  const bool is_plain = group->common.profile == GC_PROFILE_OSCORE;
  char subject[128];
  for (uint32_t i = 0; i < group->count; i++) {
    group->members[i] = (struct gc_context_member){ .id = member_id(group->ids[i], i + 1, group->count) };
    if (is_plain)
      continue;
    snprintf(subject, sizeof subject, "%.100s-%02u", params->subject ? params->subject : params->operands[0], (unsigned)(i + 1));
    enum gc_err err = gc_keygen_identity_new(&group->identities[i], curve, subject);
    if (err)
      return err;
    group->members[i].cred = gc_bytes(group->identities[i].cred, group->identities[i].cred_len);
  }
  if (is_plain)
    return GC_OK;
  enum gc_err err = gc_keygen_identity_new(&group->manager, curve, params->operands[0]);
  group->common.gm_cred = gc_bytes(group->manager.cred, group->manager.cred_len);
  return err;
}

static enum gc_status write_members(struct group *group, const struct gc_keygen_params *params)
{
  enum gc_status status = GC_STATUS_OK;
  struct gc_context_member *others = calloc(group->count, sizeof *others);
  if (!others)
    return GC_STATUS_SYSTEM;
  for (uint32_t i = 0; i < group->count && !status; i++) {
    struct gc_context_file file = group->common;
    const struct gc_keygen_identity *identity = &group->identities[i];
    char path[4096];
    for (uint32_t k = 0, n = 0; k < group->count; k++)
      if (k != i)
        others[n++] = group->members[k];
    file.has_sender = true;
    file.sender = group->members[i];
    file.private_key = gc_bytes(identity->pair.private_key, identity->pair.private_len);
    file.recipients = others;
    file.recipient_count = group->count - 1;
    if ((size_t)snprintf(path, sizeof path, "%s/%02u.json", params->out, (unsigned)(i + 1)) >= sizeof path) {
      gc_error("--out: path too long");
      status = GC_STATUS_USAGE;
    } else {
      status = gc_keygen_write(&file, path, params->force);
    }
  }
  free(others);
  return status;
}

/* Nothing is written where a file of the group is there already, so that no half of a group replaces another. */
static enum gc_status prepare_folder(const struct gc_keygen_params *params)
{
  char path[4096];
  struct stat st;
  if (mkdir(params->out, 0700) < 0 && errno != EEXIST) {
    gc_error("%s: %s", params->out, strerror(errno));
    return GC_STATUS_SYSTEM;
  }
  for (uint32_t i = 1; i <= params->members && !params->force; i++) {
    snprintf(path, sizeof path, "%s/%02u.json", params->out, (unsigned)i);
    if (stat(path, &st) == 0) {
      gc_error("%s: exists already (--force overwrites it)", path);
      return GC_STATUS_SYSTEM;
    }
  }
  return GC_STATUS_OK;
}

enum gc_status gc_keygen_group(const struct gc_keygen_params *params)
{
  if (params->members == 0 || !params->out)
    gc_usage("group: %s is missing", params->members == 0 ? "--members N" : "--out DIR");
  const int32_t curve = gc_keygen_curve(params->alg, params->curve);
  enum gc_status status = prepare_folder(params);
  if (status)
    return status;
  struct group *group = gc_secret_new(sizeof *group + params->members * (sizeof *group->members + sizeof *group->identities + sizeof *group->ids));
  if (!group) {
    gc_error("out of memory");
    return GC_STATUS_SYSTEM;
  }
  group->count = params->members;
  group->members = (struct gc_context_member *)(void *)(group + 1);
  group->identities = (struct gc_keygen_identity *)(void *)(group->members + group->count);
  group->ids = (uint8_t (*)[2])(void *)(group->identities + group->count);
  choose_common(group, params, curve);
  enum gc_err err = make_members(group, params, curve);
  if (err) {
    gc_error("%s", gc_err_str(err));
    status = GC_STATUS_SYSTEM;
  } else {
    status = write_members(group, params);
  }
  gc_secret_free(&group);
  return status;
}
