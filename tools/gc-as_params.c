#include <string.h>

#include "coap/library.h"
#include "coap/uri.h"
#include "common/arg.h"
#include "crypto/secret.h"
#include "gc-as.h"
#include "iana/names.h"
#include "net/iface.h"

enum { KEY_DB = 256, KEY_URI, KEY_BIND, KEY_LIFETIME, KEY_OUT, KEY_AUDIENCE, KEY_FORCE, KEY_REFERENCE };

static const struct gc_opt options[] = {
  { "db", 0, "FILE", false, "Server", "the database; made where there is none (needed)", GC_COMPLETE_FILE, NULL, KEY_DB },
  { "uri", 0, "URI", false, "Server", "how clients reach this server; kept in the database (default coap://localhost)", GC_COMPLETE_URI, NULL, KEY_URI },
  { "bind", 0, "ADDR[:PORT]", false, "Server", "serve at this address only; once for IPv4, once for IPv6 (default: any, port of --uri)", GC_COMPLETE_NONE, NULL, KEY_BIND },
  { "lifetime", 0, "SECONDS", false, "Server", "of tokens (default 3600)", GC_COMPLETE_NONE, NULL, KEY_LIFETIME },
  { "out", 'o', "PATH", false, "Registration", "client add: folder for NAME.as.json; rs add: the file to write; mode 0600", GC_COMPLETE_FILE, NULL, KEY_OUT },
  { "force", 0, NULL, false, "Registration", "overwrite what is there", GC_COMPLETE_NONE, NULL, KEY_FORCE },
  { "reference", 0, NULL, false, "Registration", "rs add: write no key of tokens: it cannot read them, and asks this server what they mean", GC_COMPLETE_NONE, NULL, KEY_REFERENCE },
  { "audience", 0, "AUDIENCE", false, "Policies", "policies and tokens at this resource server only (default: at every one)", GC_COMPLETE_NONE, NULL, KEY_AUDIENCE },
  { 0 },
};

static const char *library(size_t index)
{
  return index == 0 ? gc_coap_library() : index == 1 ? gc_crypto_versions() : NULL;
}

const struct gc_tool gc_as_tool = {
  .name = "gc-as",
  .usage = "--db FILE [OPTION]… [client|rs|policy|token add|list|remove|revoke …]",
  .summary = "an Authorization Server for group communication",
  .options = options,
  .library = library,
  .speaks = "RFC 9200, RFC 9203 (ACE and its OSCORE profile), RFC 8392 (CWT), RFC 9237 (AIF),\ndraft-ietf-ace-key-groupcomm-oscore-21 (scopes of groups), RFC 8613 (OSCORE)",
  .footer = "Without a command it serves /token and /introspect, and prints \"ready\" on stderr. Commands take effect in a running server.\n"
            "Roles: requester, responder, monitor, verifier; several with commas between them.\n"
            "\n"
            "  gc-as --db as.db --uri coap://192.0.2.1 rs add gm.example --out gm.as.json    for gc-manager\n"
            "  gc-as --db as.db client add alice --out .                                     alice.as.json, for gc-join\n"
            "  gc-as --db as.db policy add alice lights requester,responder\n"
            "  gc-as --db as.db                                                              serve\n",
};

static const char *set_uri(struct gc_as_params *params, const char *arg)
{
  struct gc_uri uri;
  struct gc_where where = { 0, NULL };
  if (gc_uri_parse(&uri, gc_bytes_str(arg), &where))
    return where.phrase;
  if (uri.scheme != GC_SCHEME_COAP || uri.path.len > 1 || uri.has_query || gc_uri_is_group(&uri) || strlen(arg) > 200)
    return "a coap: URI with a host, and a port where it is not 5683, is expected";
  params->uri = arg;
  return NULL;
}

static const char *set_option(void *ctx, int key, const char *arg)
{
  struct gc_as_params *params = ctx;
  switch (key) {
  case KEY_DB: params->db = arg; break;
  case KEY_URI: return set_uri(params, arg);
  case KEY_BIND: return gc_binds_add(&params->binds, arg);
  case KEY_LIFETIME: return gc_arg_u32(&params->lifetime_s, arg, 1, 366 * 86400);
  case KEY_OUT: params->out = arg; break;
  case KEY_FORCE: params->force = true; break;
  case KEY_REFERENCE: params->is_reference = true; break;
  case KEY_AUDIENCE: params->audience = arg; break;
  default: return "not handled";
  }
  return NULL;
}

static void find_command(struct gc_as_params *params, int argc, char **argv)
{
  const char *verb = argc > 1 ? argv[1] : "";
  for (params->command = gc_as_commands; params->command->noun; params->command++)
    if (strcmp(params->command->noun, argv[0]) == 0 && strcmp(params->command->verb, verb) == 0)
      break;
  if (!params->command->noun)
    gc_usage("unknown command '%s%s%s': client, rs or policy, and add, list or remove; token, and list or revoke", argv[0], verb[0] ? " " : "", verb);
  params->operands = argv + 2;
  params->operand_count = argc - 2;
  if (params->operand_count < params->command->min_operands)
    gc_usage("%s %s: %s is missing", argv[0], verb, params->command->operands);
  if (params->operand_count > params->command->max_operands)
    gc_usage("%s %s: one argument too many: '%s'", argv[0], verb, params->operands[params->command->max_operands]);
}

void gc_as_params_parse(struct gc_as_params *params, int argc, char **argv)
{
  *params = (struct gc_as_params){ .lifetime_s = 3600 };
  int first = gc_opt_parse(argc, argv, &gc_as_tool, &params->common, set_option, params);
  if (!params->db)
    gc_usage("--db FILE is missing");
  if (first < argc)
    find_command(params, argc - first, argv + first);
  if (params->common.interface && gc_iface_index(&params->ifindex, gc_bytes_str(params->common.interface)))
    gc_usage("-i %s: no such interface", params->common.interface);
  const bool adds = params->command && strcmp(params->command->verb, "add") == 0 && strcmp(params->command->noun, "policy") != 0;
  if (adds && !params->out)
    gc_usage("--out is missing: where to write the keys");
  if (!adds && (params->out || params->force))
    gc_usage("--out and --force belong to client add and rs add");
  if (params->is_reference && !(adds && strcmp(params->command->noun, "rs") == 0))
    gc_usage("--reference belongs to rs add");
  const char *noun = params->command ? params->command->noun : "";
  if (params->audience && strcmp(noun, "policy") != 0 && strcmp(noun, "token") != 0)
    gc_usage("--audience belongs to policy and token");
}
