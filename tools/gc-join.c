/* Joining a group at its Group Manager, and membership afterwards: gc-join(1). */
#include "gc-join.h"

#include "crypto/secret.h"

const struct gc_join_command gc_join_commands[] = {
  { "join", "", "join a group and write its context file", 0, 0, gc_join_run_join },
  { "status", "FILE", "is the context file what the Group Manager has?", 1, 1, gc_join_run_status },
  { "rekey", "FILE", "fetch current keying material; a new Sender ID where sequence numbers run out", 1, 1, gc_join_run_rekey },
  { "creds", "FILE [ID]…", "credentials of members, kept in the context file", 1, 64, gc_join_run_creds },
  { "policies", "FILE", "the group's policies", 1, 1, gc_join_run_policies },
  { "cred", "FILE", "replace the own credential by that of --key", 1, 1, gc_join_run_cred },
  { "leave", "FILE", "leave the group and remove the context file", 1, 1, gc_join_run_leave },
  { "watch", "FILE", "stay, and keep the context file current", 1, 1, gc_join_run_watch },
  { 0 },
};

int main(int argc, char **argv)
{
  struct gc_join_options options;
  gc_keep_secrets();
  gc_join_options_parse(&options, argc, argv);
  if (gc_crypto_init()) {
    gc_error("no source of randomness");
    return GC_STATUS_SYSTEM;
  }
  return (int)options.command->run(&options);
}
