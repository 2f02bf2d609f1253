/*
 * What agent.exe itself says: one line per event on standard error, as text or as JSON.
 *
 * Standard output belongs to the child. Text that came from outside (paths, keys of a policy) has
 * its control characters replaced, so that it cannot act on the reader's terminal.
 */
#ifndef SBX_AGENT_SAY_H
#define SBX_AGENT_SAY_H

#include "shared/core/buf.h"
#include "shared/core/error.h"

struct sbx_say {
    /* NULL: standard error. Else every message goes here instead, as one JSON object without a line
     * end ({"event":"warning","message":TEXT}); called on the thread that has something to say. */
    void (*sink)(void *context, const char *json, size_t length_bytes);
    void *context;
    struct sbx_buf *answer; /* NULL: answers of the verbs go to standard output, else here */
    bool json;              /* JSON lines instead of text */
    bool quiet;             /* errors only */
    bool debug;             /* say where an error came from */
};

/** "agent: warning: TEXT" or {"event":"warning","message":TEXT}; nothing when quiet. */
void sbx_say_warning(const struct sbx_say *say, const char *format, ...) SBX_PRINTF(2, 3);

/** "agent: TEXT", then the hint on a line of its own; or one JSON object with both. */
void sbx_say_error(const struct sbx_say *say, const struct sbx_error *error);

/** One line of JSON that is already complete, in JSON mode only. */
void sbx_say_json(const struct sbx_say *say, const struct sbx_buf *json);

/** An event that is complete, as one JSON object: to the sink, or in JSON mode as a line. */
void sbx_say_progress(const struct sbx_say *say, const struct sbx_buf *json);

/** "agent: debug: TEXT", with --debug only. */
void sbx_say_debug(const struct sbx_say *say, const char *format, ...) SBX_PRINTF(2, 3);

/**
 * Write bytes to a standard stream (STD_OUTPUT_HANDLE, STD_ERROR_HANDLE): UTF-16 to a console,
 * the bytes as they are to anything else.
 * @return false when nobody reads any more
 */
bool sbx_say_write(unsigned long which, const char *text, size_t length_bytes);

#endif
