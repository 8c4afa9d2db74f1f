/* Within store/: jansson with copies that are wiped. */
#ifndef GC_STORE_STORE_JSON_H
#define GC_STORE_STORE_JSON_H

#include <jansson.h>

#include "store/context_file.h"

/** From now on jansson wipes what it frees. Before the first use of jansson. */
void gc_store_json_init(void);

/** Give back what json_dumps made. */
void gc_store_json_free_text(char *text);

/** A whole JSON file; problems are told. */
enum gc_err gc_store_json_load(json_t **out, const char *path,
                               void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx) GC_MUST_CHECK;

#endif
