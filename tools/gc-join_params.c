#include <string.h>

#include "coap/library.h"
#include "common/arg.h"
#include "crypto/secret.h"
#include "gc-join.h"

enum {
  KEY_GM = 256, KEY_AS, KEY_KEY, KEY_ROLE, KEY_OUT, KEY_ALLOW, KEY_AUDIENCE, KEY_CONTROL, KEY_FORCE, KEY_NO_CREDS, KEY_NEW_ID, KEY_ONCE,
  KEY_WAIT, KEY_TIME,
};

static const struct gc_opt options_table[] = {
  { "gm", 0, "URI", false, "Group", "the group at its Group Manager: coap://HOST/ace-group/NAME", GC_COMPLETE_URI, NULL, KEY_GM },
  { "role", 0, "ROLES", false, "Group", "requester, responder, monitor; several with commas between them", GC_COMPLETE_WORDS, "requester responder monitor requester,responder", KEY_ROLE },
  { "control-uri", 0, "URI", false, "Group", "where the Group Manager finds this member: watch serves it", GC_COMPLETE_URI, NULL, KEY_CONTROL },
  { "no-creds", 0, NULL, false, "Group", "do not ask for the credentials of the others", GC_COMPLETE_NONE, NULL, KEY_NO_CREDS },
  { "as", 0, "URI", false, "Authorization", "token endpoint of the Authorization Server (default: that of -g, or of the Group Manager's hints)", GC_COMPLETE_URI, NULL, KEY_AS },
  { "allow-as", 0, "URI", false, "Authorization", "hints may name this Authorization Server; repeatable (default: that of -g only)", GC_COMPLETE_URI, NULL, KEY_ALLOW },
  { "audience", 0, "TEXT", false, "Authorization", "the Group Manager's name at the Authorization Server", GC_COMPLETE_NONE, NULL, KEY_AUDIENCE },
  { "key", 0, "FILE", false, "Keys", "the member's key pair and credential, of gc-keygen key", GC_COMPLETE_FILE, NULL, KEY_KEY },
  { "context", 'g', "FILE", false, "Keys", "context with the Authorization Server, of gc-as client add (default: KEY with .as.json in the place of its suffix)", GC_COMPLETE_FILE, NULL, 0 },
  { "out", 'o', "FILE", false, "Output", "the context file to write, mode 0600", GC_COMPLETE_FILE, NULL, KEY_OUT },
  { "force", 0, NULL, false, "Output", "overwrite what is there", GC_COMPLETE_NONE, NULL, KEY_FORCE },
  { "new-id", 0, NULL, false, "Output", "rekey: a new Sender ID in any case", GC_COMPLETE_NONE, NULL, KEY_NEW_ID },
  { "once", 0, NULL, false, "End", "watch: end after the first change", GC_COMPLETE_NONE, NULL, KEY_ONCE },
  { "wait", 0, "SECONDS", false, "End", "how long to wait for one answer (default 30)", GC_COMPLETE_NONE, NULL, KEY_WAIT },
  { "time", 't', "SECONDS", false, "End", "watch: end after this time", GC_COMPLETE_NONE, NULL, KEY_TIME },
  { 0 },
};

static const char *library(size_t index)
{
  return index == 0 ? gc_coap_library() : index == 1 ? gc_crypto_versions() : NULL;
}

const struct gc_tool gc_join_tool = {
  .name = "gc-join",
  .usage = "[join|status|rekey|creds|policies|cred|leave|watch] [OPTION]… [FILE]",
  .summary = "join a group at its Group Manager, and stay a member",
  .options = options_table,
  .has_contexts = true,
  .library = library,
  .speaks = "RFC 9200, RFC 9203 (ACE and its OSCORE profile), RFC 9594 (key provisioning for groups),\n"
            "draft-ietf-ace-key-groupcomm-oscore-21, RFC 9237 (AIF), RFC 9290 (problem details)",
  .footer = "  gc-join --gm coap://gm/ace-group/lights --as coap://as/token --key alice.key \\\n"
            "      --role requester,responder --out lights.json     join (-g alice.as.json is taken where it is beside the key)\n"
            "  gc-join status lights.json                           current?\n"
            "  gc-join watch lights.json                            keep it current\n"
            "  gc-join leave lights.json\n",
};

static const char *set_option(void *ctx, int key, const char *arg)
{
  struct gc_join_options *options = ctx;
  switch (key) {
  case KEY_GM: options->gm = arg; break;
  case KEY_AS: options->as = arg; break;
  case KEY_KEY: options->key = arg; break;
  case KEY_ROLE: options->roles = arg; break;
  case KEY_OUT: options->out = arg; break;
  case KEY_AUDIENCE: options->audience = arg; break;
  case KEY_CONTROL: options->control_uri = arg; break;
  case KEY_FORCE: options->force = true; break;
  case KEY_NO_CREDS: options->no_creds = true; break;
  case KEY_NEW_ID: options->new_id = true; break;
  case KEY_ONCE: options->once = true; break;
  case KEY_WAIT: return gc_arg_seconds(&options->wait_ms, arg, 3600000);
  case KEY_TIME: case 't': return gc_arg_seconds(&options->time_ms, arg, UINT32_MAX);
  case 'g':
    options->context = arg;
    break;
  case KEY_ALLOW:
    if (options->allowed_count == GC_JOIN_ALLOW_MAX)
      return "sixteen at most";
    options->allowed[options->allowed_count++] = arg;
    break;
  default: return "not handled";
  }
  return NULL;
}

static void check_join(const struct gc_join_options *options)
{
  if (!options->gm)
    gc_usage("--gm URI is missing: the group to join");
  if (!options->out)
    gc_usage("--out FILE is missing: the context file to write");
  if (!options->roles)
    gc_usage("--role ROLES is missing: requester, responder or monitor");
}

void gc_join_options_parse(struct gc_join_options *options, int argc, char **argv)
{
  *options = (struct gc_join_options){ .command = gc_join_commands, .wait_ms = 30000 };
  int first = gc_opt_parse(argc, argv, &gc_join_tool, &options->common, set_option, options);
  if (first < argc) {
    while (options->command->name && strcmp(options->command->name, argv[first]) != 0)
      options->command++;
    if (!options->command->name)
      gc_usage("unknown command '%s': join, status, rekey, creds, policies, cred, leave or watch", argv[first]);
    first++;
  }
  const struct gc_join_command *command = options->command;
  options->operands = argv + first;
  options->operand_count = argc - first;
  if (options->operand_count < command->min_operands)
    gc_usage("%s: %s is missing", command->name, command->operands);
  if (options->operand_count > command->max_operands)
    gc_usage("%s: one argument too many: '%s'", command->name, options->operands[command->max_operands]);
  if (command == gc_join_commands)
    check_join(options);
  else if (options->gm || options->roles || options->out)
    gc_usage("--gm, --role and --out belong to join");
}
