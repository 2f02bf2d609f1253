/*
 * Lines that tell when they are not what was written: the form of grant ledgers (ledgerline.h) and
 * of set-up's journal (setup/journal.h).
 *
 *     LLLLLL HHHHHHHHHHHHHHHHHHHHHHHH {"seq":1,...}\n
 *
 * LLLLLL: bytes of the JSON text, six decimal digits. H: first 12 bytes of SHA-256 over the JSON
 * text, in hexadecimal. This finds accidents (a torn write, a tail of NULs after a power loss); it
 * is no seal against somebody who may write the file.
 */
#ifndef SBX_CHECKEDLINE_H
#define SBX_CHECKEDLINE_H

#include "buf.h"

#define SBX_CHECKEDLINE_MAX 999999u /* bytes of JSON text */
#define SBX_CHECKEDLINE_HEAD 32u    /* bytes before it */

/**
 * Append one line.
 * @param json one JSON text without a line end; not looked at
 * @return SBX_INVALID when it is longer than SBX_CHECKEDLINE_MAX, or the buffer full; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_checkedline_add(
    struct sbx_buf *lines, const char *json, size_t length_bytes, struct sbx_error *err);

/**
 * The JSON text of one line.
 * @param length_bytes with its line end
 * @param ret_json borrowed from the line
 * @return SBX_INVALID when length or checksum are wrong
 */
SBX_MUST_CHECK enum sbx_status sbx_checkedline_open(const char *line, size_t length_bytes,
    const char **ret_json, size_t *ret_json_bytes, struct sbx_error *err);

/* How much of a file is sound. */
struct sbx_checkedline_front {
    size_t count;      /* lines taken */
    size_t good_bytes; /* up to here */
    bool damaged;      /* there is more, and it is not sound */
    bool torn;         /* damaged, and nothing but the last line is concerned: a power loss */
    char why[160];     /* what was wrong with the first bad line; "" when not damaged */
};

/**
 * Hand over one line after the other, until one is not accepted. That is no failure: what came
 * before it is sound.
 * @param take called for each line, its line end included (the last may have none); index from 0.
 *        SBX_OOM ends all of it; any other failure is the damage, and its text the reason
 * @return SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_checkedline_each(const char *bytes, size_t length_bytes,
    enum sbx_status (*take)(
        void *context, const char *line, size_t line_bytes, size_t index, struct sbx_error *err),
    void *context, struct sbx_checkedline_front *ret_front, struct sbx_error *err);

#endif
