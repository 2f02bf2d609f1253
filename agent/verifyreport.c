/* See verify.h. */
#include "verify.h"

#include "shared/core/jsonwrite.h"
#include "shared/core/sha256.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/late.h"

#include "shared/core/winpath.h"

#include <stdio.h>

static const char *word(const char *text, const char *otherwise)
{
    return text[0] ? text : otherwise;
}

enum sbx_status sbx_verify_print(
    const struct sbx_verify_report *report, struct sbx_buf *ret_text, struct sbx_error *err)
{
    enum sbx_status status;
    size_t g, i, c;

    status = sbx_buf_printf(ret_text, err, "verify on %s, mode %s, recipe %s%s\n\n",
        word(report->platform, "?"), word(report->mode, "?"), word(report->recipe, "?"),
        report->confined ? "" : ": NOTHING IS CONFINED HERE");
    for (i = 0; !status && i < report->count; i++) {
        const struct sbx_verify_result *result = &report->results[i];

        status = sbx_buf_printf(ret_text, err, "%-5s %-14s %s: %s\n", result->row->id,
            sbx_verify_class_name(result->value), result->row->name,
            result->error[0] ? result->error : result->why);
    }
    for (g = 0; !status && g < SBX_VERIFY_GROUP_COUNT; g++) {
        bool begun = false;

        for (c = SBX_VERIFY_HELD; !status && c <= SBX_VERIFY_CANNOT_TELL; c++) {
            if (!report->counts[g][c])
                continue;
            status = sbx_buf_printf(ret_text, err, "%s%s%zu %s",
                begun ? ", " : sbx_verify_group_name((enum sbx_verify_group)g), begun ? "" : ": ",
                report->counts[g][c], sbx_verify_class_name((enum sbx_verify_class)c));
            begun = true;
        }
        if (!status && begun)
            status = sbx_buf_puts(ret_text, "\n", err);
    }
    if (!status)
        status = sbx_buf_printf(ret_text, err, "\n%s\n",
            report->broken     ? "BROKEN: at least one boundary does not hold"
            : report->confined ? "nothing is broken"
                               : "nothing is proved");
    if (!status && report->untried)
        status = sbx_buf_printf(ret_text, err,
            "the time was up: %zu rows were not tried; --seconds gives it more\n", report->untried);
    return status;
}

/* Hash of a program beside this one; "" where there is none. */
static void program_hash(const char *name, char ret_hex[SBX_SHA256_HEX_SIZE])
{
    const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};
    uint8_t digest[SBX_SHA256_BYTES];
    char *program = NULL, *folder = NULL;
    struct sbx_buf path, bytes;
    HANDLE handle = NULL;

    ret_hex[0] = '\0';
    sbx_buf_init(&path, 4096);
    sbx_buf_init(&bytes, 64u * 1024u * 1024u);
    if (!sbx_known_program(&program, NULL) && !sbx_winpath_parent(program, &folder, NULL) &&
        !sbx_buf_printf(&path, NULL, "%s\\%s", folder, name) &&
        !sbx_file_open(path.data, &how, &handle, NULL) &&
        !sbx_file_read_all(handle, &bytes, NULL)) {
        sbx_sha256(bytes.data, bytes.length_bytes, digest);
        sbx_sha256_hex(digest, ret_hex);
    }
    sbx_handle_close(&handle);
    sbx_buf_done(&path);
    sbx_buf_done(&bytes);
    free(program);
    free(folder);
}

static void write_programs(struct sbx_json_writer *w)
{
    static const char *const names[] = {
        "agent.exe", "command-runner.exe", "sandbox-setup.exe", "sandbox-probe.exe"};
    char hex[SBX_SHA256_HEX_SIZE];
    size_t i;

    sbx_json_key_object(w, "programs");
    for (i = 0; i < countof(names); i++) {
        program_hash(names[i], hex);
        sbx_json_key_string(w, names[i], hex[0] ? hex : NULL);
    }
    sbx_json_end_object(w);
}

static void write_row(struct sbx_json_writer *w, const struct sbx_verify_result *result)
{
    static const char *const outcomes[] = {NULL, "succeeded", "denied", "not found", "odd"};
    const struct sbx_verify_seen *seen = &result->seen;

    sbx_json_begin_object(w);
    sbx_json_key_string(w, "id", result->row->id);
    sbx_json_key_string(
        w, "group", sbx_verify_group_name((enum sbx_verify_group)result->row->group));
    sbx_json_key_string(w, "name", result->row->name);
    sbx_json_key_string(w, "mechanism", result->row->mechanism);
    sbx_json_key_string(w, "class", sbx_verify_class_name(result->value));
    sbx_json_key_string(w, "why", result->why);
    sbx_json_key_string(w, "outside", seen->twin_ran ? outcomes[seen->twin] : NULL);
    sbx_json_key_string(w, "inside", seen->inside_ran ? outcomes[seen->inside] : NULL);
    sbx_json_key_bool(w, "changed", seen->inside_changed);
    sbx_json_key_string(w, "error", result->error[0] ? result->error : NULL);
    sbx_json_key_uint64(w, "tookUs", result->took_us);
    sbx_json_end_object(w);
}

static void write_head(struct sbx_json_writer *w, const struct sbx_verify_report *report)
{
    struct sbx_kernel_version kernel = {0};
    char build[48] = "";

    if (!sbx_late_kernel_version(&kernel, NULL))
        snprintf(build, sizeof(build), "%lu.%lu.%lu", (unsigned long)kernel.major,
            (unsigned long)kernel.minor, (unsigned long)kernel.build);
    sbx_json_key_string(w, "agent", SBX_VERSION);
    sbx_json_key_string(w, "platform", report->platform);
    sbx_json_key_string(w, "osBuild", build[0] ? build : NULL);
    sbx_json_key_string(w, "mode", report->mode);
    sbx_json_key_string(w, "recipe", report->recipe);
    sbx_json_key_bool(w, "confined", report->confined);
    sbx_json_key_string(w, "policyHash", report->policy_hash);
    /* Every run read its token back before it began, or there was no run (runner/confine.c). */
    sbx_json_key_string(w, "token", report->confined ? "read back as planned in every run" : NULL);
    sbx_json_key_uint64(w, "broken", report->broken);
    sbx_json_key_uint64(w, "notTried", report->untried);
    sbx_json_key_uint64(w, "tookUs", report->took_us);
}

enum sbx_status sbx_verify_json(
    const struct sbx_verify_report *report, struct sbx_buf *ret_json, struct sbx_error *err)
{
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];
    struct sbx_json_writer w;
    enum sbx_status status;
    size_t i;

    sbx_json_writer_begin(&w, ret_json, false);
    sbx_json_begin_object(&w);
    write_head(&w, report);
    write_programs(&w);
    sbx_json_key_array(&w, "rows");
    for (i = 0; i < report->count; i++)
        write_row(&w, &report->results[i]);
    sbx_json_end_array(&w);
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    if (status)
        return status;
    /* The hash is over the object without it: take `,"sha256":"..."` out to check. */
    sbx_sha256(ret_json->data, ret_json->length_bytes, digest);
    sbx_sha256_hex(digest, hex);
    ret_json->length_bytes--; /* the closing brace */
    return sbx_buf_printf(ret_json, err, ",\"sha256\":\"%s\"}", hex);
}
