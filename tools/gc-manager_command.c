/* Commands: handed over to the process that serves the database, by rows of a table that it looks at; where nobody serves it,
 * done here. */
#include <string.h>
#include <time.h>

#include "gc-manager.h"

enum { WAIT_MS = 10000, LOOK_MS = 50 };

static enum gc_err act(struct gc_gm *gm, const struct gc_manager_command *command, const struct gc_gm_time *time)
{
  if (strcmp(command->verb, "rekey") == 0)
    return gc_gm_rekey(gm, command->group, time);
  if (strcmp(command->verb, "evict") == 0)
    return gc_gm_evict(gm, command->group, command->member, time);
  if (strcmp(command->verb, "activate") == 0 || strcmp(command->verb, "deactivate") == 0)
    return gc_gm_set_active(gm, command->group, command->verb[0] == 'a');
  return GC_E_UNSUPPORTED;
}

void gc_manager_do_commands(struct gc_manager_db *db, struct gc_gm *gm, const struct gc_gm_time *time)
{
  enum { AT_ONCE = 64 };
  struct gc_manager_command command;
  for (int i = 0; i < AT_ONCE && gc_manager_db_next(db, &command) == GC_OK; i++)
    if (gc_manager_db_done(db, command.id, act(gm, &command, time)))
      return;
}

static enum gc_status act_alone(struct gc_manager_db *db, const struct gc_manager_params *params, const struct gc_manager_command *command)
{
  struct gc_manager_file *file = NULL;
  struct gc_gm *gm = NULL;
  const struct gc_gm_time time = gc_manager_time();
  if (!params->config) {
    gc_error("no gc-manager serves %s: give its configuration with -c, and it is done without one", params->db);
    return GC_STATUS_USAGE;
  }
  enum gc_status status = gc_manager_make(&file, &gm, db, params, NULL);
  if (!status) {
    status = gc_manager_explain(db, act(gm, command, &time), command->member[0] ? command->member : command->group);
    gc_info(1, "no gc-manager serves the group now: members are told when they ask");
  }
  gc_gm_free(&gm);
  gc_manager_file_free(&file);
  return status;
}

static enum gc_status hand_over(struct gc_manager_db *db, struct gc_manager_command *command)
{
  const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
  enum gc_err result = GC_OK, err = gc_manager_db_command(db, command);
  for (int waited_ms = 0; !err && waited_ms < WAIT_MS; waited_ms += LOOK_MS) {
    err = gc_manager_db_result(db, command->id, &result);
    if (err == GC_E_NOT_FOUND) {
      err = GC_OK;
      nanosleep(&pause, NULL);
      continue;
    }
    if (!err)
      err = result;
    return gc_manager_explain(db, err, command->member[0] ? command->member : command->group);
  }
  if (err)
    return gc_manager_explain(db, err, command->verb);
  (void)!gc_manager_db_withdraw(db, command->id);
  gc_error("the gc-manager that serves the database does not answer");
  return GC_STATUS_SYSTEM;
}

static enum gc_status run(struct gc_manager_db *db, const struct gc_manager_params *params, const char *verb, const char *member)
{
  struct gc_manager_command command = { .id = 0 };
  const char *group = params->operands[0];
  if (strlen(group) >= GC_MANAGER_COMMAND_MAX || strlen(member) >= GC_MANAGER_COMMAND_MAX) {
    gc_error("%s: such a name does not exist", strlen(group) >= GC_MANAGER_COMMAND_MAX ? "GROUP" : "MEMBER");
    return GC_STATUS_NO;
  }
  strcpy(command.verb, verb);
  strcpy(command.group, group);
  strcpy(command.member, member);
  const enum gc_err err = gc_manager_db_serve(db);
  return err == GC_E_EXISTS ? hand_over(db, &command) : err ? gc_manager_explain(db, err, params->db) : act_alone(db, params, &command);
}

enum gc_status gc_manager_rekey(struct gc_manager_db *db, const struct gc_manager_params *params)
{
  return run(db, params, "rekey", "");
}

enum gc_status gc_manager_activate(struct gc_manager_db *db, const struct gc_manager_params *params)
{
  return run(db, params, "activate", "");
}

enum gc_status gc_manager_deactivate(struct gc_manager_db *db, const struct gc_manager_params *params)
{
  return run(db, params, "deactivate", "");
}

enum gc_status gc_manager_evict(struct gc_manager_db *db, const struct gc_manager_params *params)
{
  return run(db, params, "evict", params->operands[1]);
}
