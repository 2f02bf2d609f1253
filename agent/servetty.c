/* The terminal of a command: parameters of exec.start and exec.resize. See serve.h. */
#include "serve.h"

#include <stdio.h>

enum sbx_status sbx_serve_read_size(
    const struct sbx_json_at *at, struct sbx_tty_size *ret_size, struct sbx_error *err)
{
    enum sbx_status status = sbx_json_require(at, "columns", err);
    int64_t columns = 0, rows = 0;

    if (!status)
        status = sbx_json_require(at, "rows", err);
    if (!status)
        status = sbx_json_get_int(at, "columns", 1, SBX_TTY_SIZE_MAX, &columns, err);
    if (!status)
        status = sbx_json_get_int(at, "rows", 1, SBX_TTY_SIZE_MAX, &rows, err);
    ret_size->columns = (uint16_t)columns;
    ret_size->rows = (uint16_t)rows;
    return status;
}

enum sbx_status sbx_serve_add_tty(
    const struct sbx_json_at *params, struct sbx_strings *argv, struct sbx_error *err)
{
    static const char *const keys[] = {"columns", "rows", "escapes"};
    static const char *const words[] = {"neutral", "pass"};
    struct sbx_tty_size size = {0, 0};
    struct sbx_json_at tty = {0};
    enum sbx_status status;
    size_t word = 0;
    char text[40];

    if (!sbx_json_has(params, "tty"))
        return SBX_OK;
    status = sbx_json_get_object(params, "tty", &tty, err);
    if (!status)
        status = sbx_json_known_keys(&tty, keys, countof(keys), err);
    if (!status)
        status = sbx_serve_read_size(&tty, &size, err);
    if (!status)
        status = sbx_json_get_enum(&tty, "escapes", words, countof(words), &word, err);
    if (!status)
        status = sbx_strings_add(argv, "--tty", err);
    snprintf(text, sizeof(text), "--tty-size=%ux%u", (unsigned)size.columns, (unsigned)size.rows);
    if (!status)
        status = sbx_strings_add(argv, text, err);
    return status || !word ? status : sbx_strings_add(argv, "--tty-escapes=pass", err);
}
