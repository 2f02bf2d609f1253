/*
 * JSON-RPC 2.0, one JSON message per line: split, read, write. Pure; agent/rpcio.h has the I/O.
 *
 * Stricter than the specification where being lenient only helps a mistake: parameters are by
 * name (an object), an id is a string or an integer and never null, unknown keys of the envelope
 * are refused, and a line has a size and depth cap. A batch (an array) is split by
 * sbx_rpc_batch_next; whoever does not want batches refuses them.
 *
 * @see https://www.jsonrpc.org/specification
 */
#ifndef SBX_JSONRPC_H
#define SBX_JSONRPC_H

#include "json.h"
#include "jsonwrite.h"

#define SBX_RPC_LINE_MAX_BYTES (1024u * 1024u)
#define SBX_RPC_DEPTH_MAX 32u
#define SBX_RPC_ID_MAX_BYTES 128u

enum sbx_rpc_code {
    SBX_RPC_PARSE = -32700,
    SBX_RPC_INVALID_REQUEST = -32600,
    SBX_RPC_NO_METHOD = -32601,
    SBX_RPC_INVALID_PARAMS = -32602,
    SBX_RPC_INTERNAL = -32603,
    /* ours */
    SBX_RPC_FAILED = -32000,    /* error.data says what, as in the result's "error" */
    SBX_RPC_UNKNOWN = -32001,   /* no command, or no question, of that number */
    SBX_RPC_NOT_READY = -32002, /* before initialize */
    SBX_RPC_BUSY = -32003,      /* a bound was reached: wait and try again */
    SBX_RPC_CANCELLED = -32800
};

/* --- lines ------------------------------------------------------------------------------------ */

/*
 * Bytes in any portions, lines out. A line that is too long is reported once and skipped. A byte
 * order mark before the first line is passed over: .NET Framework's Process.Start (so Windows
 * PowerShell 5.1) writes one into the pipe by itself where the console's code page is 65001.
 */
struct sbx_rpc_lines {
    struct sbx_buf bytes;
    size_t start;   /* of the line under way */
    size_t scanned; /* no line end before this */
    size_t max_bytes;
    bool begun; /* the first line is over */
    bool skipping;
};

enum sbx_rpc_line { SBX_RPC_LINE_NONE = 0, SBX_RPC_LINE_TEXT, SBX_RPC_LINE_TOO_LONG };

/** @param max_bytes longest line, its end not counted */
void sbx_rpc_lines_init(struct sbx_rpc_lines *lines, size_t max_bytes);
void sbx_rpc_lines_done(struct sbx_rpc_lines *lines);

/** Add what was read: at most 64 KiB, and only after sbx_rpc_lines_next said NONE. */
SBX_MUST_CHECK enum sbx_status sbx_rpc_lines_feed(
    struct sbx_rpc_lines *lines, const char *bytes, size_t length_bytes, struct sbx_error *err);

/**
 * The next complete line without its end (LF, or CR LF); empty ones are left out.
 * @param ret_text borrowed until the next call
 */
enum sbx_rpc_line sbx_rpc_lines_next(
    struct sbx_rpc_lines *lines, const char **ret_text, size_t *ret_length_bytes);

/* --- messages --------------------------------------------------------------------------------- */

struct sbx_rpc_id {
    enum { SBX_RPC_ID_NONE = 0, SBX_RPC_ID_NUMBER, SBX_RPC_ID_STRING } kind; /* none writes null */
    int64_t number;
    char text[SBX_RPC_ID_MAX_BYTES + 1];
    void *batch; /* for agent/rpcio.c: which answer it belongs to; NULL: one of its own */
};

enum sbx_rpc_kind {
    SBX_RPC_REQUEST = 1,
    SBX_RPC_NOTIFICATION,
    SBX_RPC_RESULT, /* an answer to a request of ours */
    SBX_RPC_ERROR
};

struct sbx_rpc_message {
    enum sbx_rpc_kind kind;
    struct sbx_rpc_id id;
    const char *method;        /* request, notification; borrowed */
    struct sbx_json_at params; /* an object; item NULL: none */
    struct sbx_json_at result; /* an answer's result, any type */
    const char *error_message; /* an answer's error; borrowed */
    int64_t error_code;
};

/** Parse the JSON of one line. @param ret_root released with sbx_json_free. @return SBX_INVALID */
SBX_MUST_CHECK enum sbx_status sbx_rpc_parse(
    const char *text, size_t length_bytes, struct cJSON **ret_root, struct sbx_error *err);

/** Whether a line is a batch; it may be empty, which is an invalid request. */
bool sbx_rpc_is_batch(const struct cJSON *root, struct sbx_json_at *ret_batch);

/**
 * Read a message.
 * @param root of a document, or the item of one element of a batch; must outlive the message
 * @param ret_message its id is filled in as far as it could be read, for the answer
 * @param ret_code on failure: which error to answer with; kind is then 0, except that what looks
 *        like an answer must not be answered: SBX_RPC_RESULT
 * @return SBX_INVALID
 */
SBX_MUST_CHECK enum sbx_status sbx_rpc_read(const struct cJSON *root,
    struct sbx_rpc_message *ret_message, enum sbx_rpc_code *ret_code, struct sbx_error *err);

bool sbx_rpc_id_equal(const struct sbx_rpc_id *a, const struct sbx_rpc_id *b);

/** An id that arrives as a value somewhere else (cancellation). @return SBX_INVALID */
SBX_MUST_CHECK enum sbx_status sbx_rpc_id_get(const struct sbx_json_at *object, const char *key,
    struct sbx_rpc_id *ret_id, struct sbx_error *err);

/*
 * Writing: begin, one value, end. The value of a result may be anything; params must be an object.
 *
 *     sbx_rpc_begin_result(&w, &id);
 *     sbx_json_begin_object(&w); ... sbx_json_end_object(&w);
 *     sbx_rpc_end(&w);
 */
void sbx_rpc_begin_result(struct sbx_json_writer *w, const struct sbx_rpc_id *id);
void sbx_rpc_begin_request(
    struct sbx_json_writer *w, const struct sbx_rpc_id *id, const char *method);
void sbx_rpc_begin_notification(struct sbx_json_writer *w, const char *method);

/** Begin an error; a value for its key "data" may follow sbx_json_key, or nothing. */
void sbx_rpc_begin_error(struct sbx_json_writer *w, const struct sbx_rpc_id *id,
    enum sbx_rpc_code code, const char *message);
void sbx_rpc_end_error(struct sbx_json_writer *w);
void sbx_rpc_end(struct sbx_json_writer *w);

void sbx_rpc_id_write(struct sbx_json_writer *w, const struct sbx_rpc_id *id);

#endif
