/* One more member: in every context file of a folder, or as a recipient in one file. */
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

enum { FILES_MAX = 10000, CRED_MAX = 4096 };

struct folder {
  struct gc_context_file **files;
  char **paths;
  size_t count;
};

struct newcomer {
  struct gc_keygen_identity identity;
  struct gc_context_member member;
  uint8_t id[16], cred[CRED_MAX];
};

static int is_context(const struct dirent *entry)
{
  const char *dot = strrchr(entry->d_name, '.');
  return entry->d_name[0] != '.' && dot && strcmp(dot, ".json") == 0;
}

static enum gc_status read_folder(struct folder *folder, const char *path, bool strict)
{
  struct dirent **entries;
  enum gc_status status = GC_STATUS_OK;
  int n = scandir(path, &entries, is_context, alphasort);
  if (n < 0) {
    gc_error("%s: %s", path, strerror(errno));
    return GC_STATUS_SYSTEM;
  }
  folder->files = calloc((size_t)n + 1, sizeof *folder->files);
  folder->paths = calloc((size_t)n + 1, sizeof *folder->paths);
  for (int i = 0; i < n; i++) {
    char *name = NULL;
    if (!status && folder->files && folder->paths && folder->count < FILES_MAX && asprintf(&name, "%s/%s", path, entries[i]->d_name) >= 0) {
      folder->paths[folder->count] = name;
      folder->files[folder->count++] = gc_context_read(name, strict, &status);
    }
    free(entries[i]);
  }
  free(entries);
  if (!status && folder->count == 0) {
    gc_error("%s: no context file (*.json) in it", path);
    status = GC_STATUS_INPUT;
  }
  return status;
}

static void free_folder(struct folder *folder)
{
  for (size_t i = 0; i < folder->count; i++) {
    gc_context_file_free(&folder->files[i]);
    free(folder->paths[i]);
  }
  free(folder->files);
  free(folder->paths);
}

static bool is_taken(const struct gc_context_file *file, struct gc_bytes id)
{
  if (file->has_sender && gc_bytes_equal(file->sender.id, id))
    return true;
  for (size_t i = 0; i < file->recipient_count; i++)
    if (gc_bytes_equal(file->recipients[i].id, id))
      return true;
  return false;
}

/* The ID asked for, or the first free one of the length that the group uses. */
static enum gc_status choose_id(struct newcomer *newcomer, const struct gc_keygen_params *params, const struct gc_context_file *file)
{
  struct gc_buf id = gc_buf(newcomer->id, sizeof newcomer->id);
  size_t len = file->has_sender ? file->sender.id.len : file->recipient_count ? file->recipients[0].id.len : 1;
  if (params->id) {
    if (gc_hex_decode(&id, params->id, strlen(params->id), NULL))
      gc_usage("--id %s: hexadecimal digits, at most 16 bytes", params->id);
    newcomer->member.id = gc_buf_bytes(&id);
    if (!is_taken(file, newcomer->member.id))
      return GC_STATUS_OK;
    gc_error("--id %s: a member has it already", params->id);
    return GC_STATUS_INPUT;
  }
  len = len == 0 ? 1 : len > 2 ? 2 : len;
  for (unsigned n = 1; n < (len == 1 ? 256u : 65536u); n++) {
    newcomer->id[0] = (uint8_t)(len == 1 ? n : n >> 8);
    newcomer->id[1] = (uint8_t)n;
    newcomer->member.id = gc_bytes(newcomer->id, len);
    if (!is_taken(file, newcomer->member.id))
      return GC_STATUS_OK;
  }
  gc_error("all Sender IDs of %zu bytes are taken: choose one with --id", len);
  return GC_STATUS_INPUT;
}

static enum gc_status give_cred(struct newcomer *newcomer, const struct gc_keygen_params *params)
{
  struct gc_buf cred = gc_buf(newcomer->cred, sizeof newcomer->cred);
  struct gc_credential parsed;
  struct gc_where where = { 0, "too long" };
  char text[2 * CRED_MAX + 2] = "";
  const char *hex = params->cred;
  if (hex[0] == '@') {
    FILE *file = fopen(hex + 1, "re");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
      fclose(file);
    if (n == 0) {
      gc_error("%s: %s", hex + 1, file ? "empty" : strerror(errno));
      return GC_STATUS_INPUT;
    }
    text[strcspn(text, "\r\n")] = '\0';
    hex = text;
  }
  if (gc_hex_decode(&cred, hex, strlen(hex), &where) || gc_credential_read(&parsed, gc_buf_bytes(&cred), GC_CRED_ANY, &where)) {
    gc_error("--cred: not a credential in hexadecimal: %s at %zu", where.phrase, where.offset);
    return GC_STATUS_INPUT;
  }
  newcomer->member.cred = parsed.bytes;
  return GC_STATUS_OK;
}

/* A key pair like the group's, unless the member keeps its key itself. */
static enum gc_status make_newcomer(struct newcomer *newcomer, const struct gc_keygen_params *params, const struct gc_context_file *file)
{
  enum gc_status status = choose_id(newcomer, params, file);
  struct gc_credential model;
  char subject[128];
  if (status || file->profile == GC_PROFILE_OSCORE)
    return status;
  if (params->cred)
    return give_cred(newcomer, params);
  if (gc_credential_read(&model, file->gm_cred.len ? file->gm_cred : file->sender.cred, GC_CRED_ANY, NULL)) {
    gc_error("the group's credentials cannot be read: give the new member's with --cred");
    return GC_STATUS_INPUT;
  }
  char id[2 * sizeof newcomer->id + 1];
  snprintf(subject, sizeof subject, "%.90s-%s", params->subject ? params->subject : file->name ? file->name : "member",
           gc_hex_encode(id, newcomer->member.id));
  enum gc_err err = gc_keygen_identity_new(&newcomer->identity, model.public_key.curve, subject);
  if (err)
    gc_error("%s", gc_err_str(err));
  newcomer->member.cred = gc_bytes(newcomer->identity.cred, newcomer->identity.cred_len);
  return err ? GC_STATUS_SYSTEM : GC_STATUS_OK;
}

/* The file with one recipient more. */
static enum gc_status add_to(const struct gc_context_file *file, const char *path, const struct gc_context_member *member)
{
  struct gc_context_file grown = *file;
  grown.recipients = calloc(file->recipient_count + 1, sizeof *grown.recipients);
  if (!grown.recipients)
    return GC_STATUS_SYSTEM;
  for (size_t i = 0; i < file->recipient_count; i++)
    grown.recipients[i] = file->recipients[i];
  grown.recipients[grown.recipient_count++] = *member;
  enum gc_status status = gc_keygen_write(&grown, path, true);
  free(grown.recipients);
  return status;
}

/* The newcomer's own file: everything of `model`, whose sender becomes a recipient. */
static enum gc_status write_own(const struct gc_context_file *model, const struct newcomer *newcomer, const char *dir, const char *given, bool force)
{
  struct gc_context_file own = *model;
  char path[4096];
  struct stat st;
  enum gc_status status = GC_STATUS_SYSTEM;
  own.recipients = calloc(model->recipient_count + 1, sizeof *own.recipients);
  if (!own.recipients)
    return status;
  own.recipient_count = 0;
  if (model->has_sender)
    own.recipients[own.recipient_count++] = model->sender;
  for (size_t i = 0; i < model->recipient_count; i++)
    own.recipients[own.recipient_count++] = model->recipients[i];
  own.has_sender = true;
  own.sender = newcomer->member;
  own.private_key = gc_bytes(newcomer->identity.pair.private_key, newcomer->identity.pair.private_len);
  unsigned number = 1;
  do
    snprintf(path, sizeof path, "%s/%02u.json", dir, number++);
  while (!given && stat(path, &st) == 0 && number < FILES_MAX);
  status = gc_keygen_write(&own, given ? given : path, force);
  free(own.recipients);
  return status;
}

static enum gc_status add_to_folder(const struct gc_keygen_params *params, struct newcomer *newcomer)
{
  struct folder folder = { 0 };
  enum gc_status status = read_folder(&folder, params->operands[0], params->common.strict);
  if (!status)
    status = make_newcomer(newcomer, params, folder.files[0]);
  for (size_t i = 0; i < folder.count && !status; i++)
    if (!gc_bytes_equal(folder.files[i]->gid, folder.files[0]->gid) || folder.files[i]->profile != folder.files[0]->profile) {
      gc_error("%s: of another group than %s", folder.paths[i], folder.paths[0]);
      status = GC_STATUS_INPUT;
    }
  if (!status && !params->cred)
    status = write_own(folder.files[0], newcomer, params->operands[0], params->out, params->force);
  for (size_t i = 0; i < folder.count && !status; i++)
    status = add_to(folder.files[i], folder.paths[i], &newcomer->member);
  free_folder(&folder);
  return status;
}

static enum gc_status add_to_file(const struct gc_keygen_params *params, struct newcomer *newcomer)
{
  enum gc_status status;
  struct gc_context_file *file = gc_context_read(params->operands[0], params->common.strict, &status);
  if (!file)
    return status;
  if (!params->cred && file->profile != GC_PROFILE_OSCORE)
    gc_usage("member FILE: --cred is missing (or name a folder: the new member gets a key and a file of its own)");
  status = make_newcomer(newcomer, params, file);
  if (!status)
    status = add_to(file, params->operands[0], &newcomer->member);
  gc_context_file_free(&file);
  return status;
}

enum gc_status gc_keygen_member(const struct gc_keygen_params *params)
{
  struct stat st;
  struct newcomer *newcomer = gc_secret_new(sizeof *newcomer);
  enum gc_status status = GC_STATUS_SYSTEM;
  if (!newcomer)
    gc_error("out of memory");
  else if (stat(params->operands[0], &st) < 0)
    gc_error("%s: %s", params->operands[0], strerror(errno)), status = GC_STATUS_INPUT;
  else
    status = S_ISDIR(st.st_mode) ? add_to_folder(params, newcomer) : add_to_file(params, newcomer);
  gc_secret_free(&newcomer);
  return status;
}
