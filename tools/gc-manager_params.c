#include <string.h>

#include "coap/library.h"
#include "common/arg.h"
#include "crypto/secret.h"
#include "gc-manager.h"
#include "net/iface.h"

enum { KEY_DB = 256, KEY_BIND, KEY_TOKENS };

static const struct gc_opt options[] = {
  { "config", 'c', "FILE", false, "Server", "Authorization Server and groups (JSON)", GC_COMPLETE_FILE, NULL, 'c' },
  { "db", 0, "FILE", false, "Server", "the database; made where there is none (needed)", GC_COMPLETE_FILE, NULL, KEY_DB },
  { "bind", 0, "ADDR[:PORT]", false, "Server", "serve at this address only; once for IPv4, once for IPv6 (default: any, port 5683)", GC_COMPLETE_NONE, NULL, KEY_BIND },
  { "max-tokens", 0, "N", false, "Server", "so many clients at a time have a token here (default 4096)", GC_COMPLETE_NONE, NULL, KEY_TOKENS },
  { 0 },
};

static const char *library(size_t index)
{
  return index == 0 ? gc_coap_library() : index == 1 ? gc_crypto_versions() : NULL;
}

const struct gc_tool gc_manager_tool = {
  .name = "gc-manager",
  .usage = "-c FILE --db FILE [OPTION]… | --db FILE status|rekey|evict [GROUP [MEMBER]]",
  .summary = "a Group Manager for groups that use Group OSCORE",
  .options = options,
  .library = library,
  .speaks = "RFC 9594, draft-ietf-ace-key-groupcomm-oscore-21 (joining and keying material),\nRFC 9200, RFC 9203 (ACE and its OSCORE profile), RFC 9290 (problem details), RFC 8613 (OSCORE)",
  .footer = "Without a command it serves /authz-info and /ace-group, and prints \"ready\" on stderr. Commands are done by the server that runs\n"
            "on the database; where none does, they need -c. A MEMBER is a node name (n1), a Sender ID (0x25), or the subject of its token.\n"
            "\n"
            "  gc-manager -c gm.json --db gm.db              serve\n"
            "  gc-manager --db gm.db status                  groups, members, key generations\n"
            "  gc-manager --db gm.db rekey lights            new keying material for all members\n"
            "  gc-manager --db gm.db evict lights alice      and without this one\n",
};

static const char *set_option(void *ctx, int key, const char *arg)
{
  struct gc_manager_params *params = ctx;
  switch (key) {
  case 'c': params->config = arg; break;
  case KEY_DB: params->db = arg; break;
  case KEY_BIND: return gc_binds_add(&params->binds, arg);
  case KEY_TOKENS: return gc_arg_u32(&params->max_tokens, arg, 1, 60000);
  default: return "not handled";
  }
  return NULL;
}

static void find_verb(struct gc_manager_params *params, int argc, char **argv)
{
  for (params->verb = gc_manager_verbs; params->verb->name; params->verb++)
    if (strcmp(params->verb->name, argv[0]) == 0)
      break;
  if (!params->verb->name)
    gc_usage("unknown command '%s': status, rekey or evict", argv[0]);
  params->operands = argv + 1;
  if (argc - 1 < params->verb->min_operands)
    gc_usage("%s: %s is missing", argv[0], params->verb->operands);
  if (argc - 1 > params->verb->max_operands)
    gc_usage("%s: one argument too many: '%s'", argv[0], argv[1 + params->verb->max_operands]);
}

void gc_manager_params_parse(struct gc_manager_params *params, int argc, char **argv)
{
  *params = (struct gc_manager_params){ .max_tokens = 4096 };
  const int first = gc_opt_parse(argc, argv, &gc_manager_tool, &params->common, set_option, params);
  if (!params->db)
    gc_usage("--db FILE is missing");
  if (first < argc)
    find_verb(params, argc - first, argv + first);
  if (!params->verb && !params->config)
    gc_usage("-c FILE is missing");
  if (params->common.interface && gc_iface_index(&params->ifindex, gc_bytes_str(params->common.interface)))
    gc_usage("-i %s: no such interface", params->common.interface);
}
