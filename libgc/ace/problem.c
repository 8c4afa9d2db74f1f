#include "ace/problem.h"

enum { TAG_LANGUAGE = 38 };

#define AT(member) offsetof(struct gc_problem, member)
#define KEY(label) { label, GC_PARAM_NO_KEY }

/* registries "Standard Problem Detail Keys" and "Custom Problem Detail Keys" */
static const struct gc_param rows[GC_PROBLEM_PARAMS] = {
  [GC_PROBLEM_TITLE] = { KEY(-1), GC_PARAM_OTHER, AT(title), "title", NULL },
  [GC_PROBLEM_DETAIL] = { KEY(-2), GC_PARAM_OTHER, AT(detail), "detail", NULL },
  [GC_PROBLEM_INSTANCE] = { KEY(-3), GC_PARAM_TEXT, AT(instance), "instance", NULL },
  [GC_PROBLEM_RESPONSE_CODE] = { KEY(-4), GC_PARAM_UINT, AT(response_code), "response-code", NULL },
  [GC_PROBLEM_BASE_URI] = { KEY(-5), GC_PARAM_TEXT, AT(base_uri), "base-uri", NULL },
  [GC_PROBLEM_BASE_LANG] = { KEY(-6), GC_PARAM_TEXT, AT(base_lang), "base-lang", NULL },
  [GC_PROBLEM_GROUPCOMM_ERROR] = { KEY(0), GC_PARAM_MAP, AT(groupcomm), "ace-groupcomm-error", NULL },
};

/* a text, or 38([language, text, ? direction]), of which the text is taken (RFC 9290, Appendix A) */
static enum gc_err read_text(struct gc_cbor_reader *reader, void *value)
{
  struct gc_cbor_item item;
  struct gc_cbor_list list;
  struct gc_bytes language;
  uint64_t tag;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err || item.type != GC_CBOR_TAG || item.number != TAG_LANGUAGE)
    return err ? err : gc_cbor_read_text(reader, value);
  err = gc_cbor_read_tag(reader, &tag);
  if (!err)
    err = gc_cbor_read_array(reader, &list);
  size_t count = 0;
  for (; !err && gc_cbor_list_next(reader, &list); count++)
    err = count == 0 ? gc_cbor_read_text(reader, &language) : count == 1 ? gc_cbor_read_text(reader, value) : gc_cbor_skip(reader);
  return err || count >= 2 ? err : gc_fail(&reader->where, reader->pos, "a language without a text", GC_E_MALFORMED);
}

static void write_text(struct gc_cbor_writer *writer, const void *value)
{
  gc_cbor_text(writer, *(const struct gc_bytes *)value);
}

static const struct gc_param_other language_text = { read_text, write_text };
static const struct gc_param_table table = { .rows = rows, .count = GC_PROBLEM_PARAMS, .other = &language_text, .is_ordered = true };

/* {0: error-id}; other keys are ignored (RFC 9594, Section 4.1.2) */
static const struct gc_param error_rows[] = { { KEY(0), GC_PARAM_INT, 0, "error-id", NULL } };
static const struct gc_param_table error_table = { .rows = error_rows, .count = 1 };

static enum gc_err read_error_id(struct gc_problem *problem, struct gc_bytes payload, struct gc_where *where)
{
  struct gc_params_unknown unknown;
  uint64_t present;
  enum gc_err err = gc_params_parse(&error_table, 0, problem->groupcomm, &problem->error_id, &present, &unknown, where);
  problem->has_error_id = !err && present;
  if (err && where)
    where->offset += (size_t)(problem->groupcomm.ptr - payload.ptr);
  return err;
}

enum gc_err gc_problem_parse(struct gc_problem *out, struct gc_bytes payload, struct gc_where *where)
{
  struct gc_problem problem = { .present = 0 };
  enum gc_err err = gc_params_parse(&table, 0, payload, &problem, &problem.present, &problem.unknown, where);
  if (!err && !problem.present && !problem.unknown.count)
    err = gc_fail(where, 0, "problem details without any detail", GC_E_MALFORMED);
  if (!err && gc_param_has(problem.present, GC_PROBLEM_GROUPCOMM_ERROR))
    err = read_error_id(&problem, payload, where);
  if (!err)
    *out = problem;
  return err;
}

enum gc_err gc_groupcomm_error_write(struct gc_buf *out, enum gc_groupcomm_error error_id, const char *detail)
{
  uint8_t store[16];
  struct gc_buf inner = gc_buf(store, sizeof store);
  struct gc_cbor_writer writer = gc_cbor_writer(&inner);
  int64_t id = error_id;
  gc_params_write(&error_table, 0, &writer, &id, 1, NULL);
  enum gc_err err = gc_cbor_finish(&writer);
  if (err)
    return err;
  struct gc_problem problem = { .present = GC_PARAM_BIT(GC_PROBLEM_GROUPCOMM_ERROR), .groupcomm = gc_buf_bytes(&inner) };
  const char *title = gc_groupcomm_error_title(error_id);
  if (title) {
    problem.present |= GC_PARAM_BIT(GC_PROBLEM_TITLE);
    problem.title = gc_bytes_str(title);
  }
  if (detail) {
    problem.present |= GC_PARAM_BIT(GC_PROBLEM_DETAIL);
    problem.detail = gc_bytes_str(detail);
  }
  writer = gc_cbor_writer(out);
  gc_params_write(&table, 0, &writer, &problem, problem.present, NULL);
  return gc_cbor_finish(&writer);
}

const struct gc_param *gc_problem_param_at(size_t index)
{
  return index < table.count ? &rows[index] : NULL;
}

const struct gc_param *gc_groupcomm_error_param_at(size_t index)
{
  return index < error_table.count ? &error_rows[index] : NULL;
}

const char *gc_groupcomm_error_title(int64_t error_id)
{
  static const char *const titles[] = {
    [GC_GROUPCOMM_ONLY_MEMBERS] = "Operation permitted only to group members",
    [GC_GROUPCOMM_INCONSISTENT_ROLES] = "Request inconsistent with the current roles",
    [GC_GROUPCOMM_CRED_INCOMPATIBLE] = "Authentication credential incompatible with the group configuration",
    [GC_GROUPCOMM_INVALID_POP] = "Invalid Proof-of-Possession evidence",
    [GC_GROUPCOMM_NO_INDIVIDUAL_KEY] = "No available individual keying material",
    [GC_GROUPCOMM_MEMBERSHIP_TERMINATED] = "Group membership terminated",
    [GC_GROUPCOMM_GROUP_DELETED] = "Group deleted",
    [GC_GROUPCOMM_NO_SIGNATURES] = "Signatures not used in the group",
    [GC_GROUPCOMM_ONLY_VERIFIERS] = "Operation permitted only to signature verifiers",
    [GC_GROUPCOMM_NOT_ACTIVE] = "Group currently not active",
    [GC_GROUPCOMM_ACTIVE] = "Group currently active",
    [GC_GROUPCOMM_NO_NAME] = "Unable to determine a group name",
    [GC_GROUPCOMM_UNSUPPORTED_CONFIGURATION] = "Unsupported group configuration",
  };
  return error_id >= 0 && error_id < (int64_t)(sizeof titles / sizeof titles[0]) ? titles[error_id] : NULL;
}
