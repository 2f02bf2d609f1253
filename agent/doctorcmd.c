/* `agent doctor`: see doctor.h. */
#include "doctor.h"

#include "shared/core/jsonwrite.h"

#define TEXT_MAX_BYTES (512u * 1024u)

static enum sbx_status print_text(const struct sbx_doctor_gathered *gathered,
    const struct sbx_doctor_report *report, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_printf(
        text, err, "doctor on %s, mode %s\n\n", gathered->platform, sbx_mode_name(gathered->mode));
    size_t i;

    for (i = 0; !status && i < report->count; i++) {
        const struct sbx_doctor_row *row = &report->rows[i];

        status = sbx_buf_printf(
            text, err, "%-18s %-11s %s\n", row->id, sbx_doctor_state_name(row->state), row->found);
        if (!status && row->remedy[0])
            status = sbx_buf_printf(text, err, "%-30s -> %s\n", "", row->remedy);
    }
    if (!status && report->left_out)
        status = sbx_buf_printf(text, err, "and %zu more\n", report->left_out);
    if (!status)
        status = sbx_buf_printf(text, err,
            "\n%zu ok, %zu warnings, %zu faults, %zu that cannot be told\n",
            report->counts[SBX_DOCTOR_OK], report->counts[SBX_DOCTOR_WARNING],
            report->counts[SBX_DOCTOR_FAULT], report->counts[SBX_DOCTOR_CANNOT_TELL]);
    return status;
}

static void write_row(struct sbx_json_writer *w, const struct sbx_doctor_row *row)
{
    sbx_json_begin_object(w);
    sbx_json_key_string(w, "id", row->id);
    sbx_json_key_string(w, "state", sbx_doctor_state_name(row->state));
    sbx_json_key_string(w, "found", row->found);
    sbx_json_key_string(w, "remedy", row->remedy[0] ? row->remedy : NULL);
    sbx_json_key_string(w, "command", row->command[0] ? row->command : NULL);
    sbx_json_key_bool(w, "elevate", row->elevate);
    sbx_json_end_object(w);
}

static enum sbx_status print_json(const struct sbx_doctor_gathered *gathered,
    const struct sbx_doctor_report *report, struct sbx_buf *json, struct sbx_error *err)
{
    struct sbx_json_writer w;
    size_t i;

    sbx_json_writer_begin(&w, json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "agent", SBX_VERSION);
    sbx_json_key_string(&w, "platform", gathered->platform);
    sbx_json_key_string(
        &w, "mode", gathered->mode == SBX_MODE_UNSET ? NULL : sbx_mode_name(gathered->mode));
    sbx_json_key_bool(&w, "well", sbx_doctor_is_well(report));
    sbx_json_key_uint64(&w, "ok", report->counts[SBX_DOCTOR_OK]);
    sbx_json_key_uint64(&w, "warnings", report->counts[SBX_DOCTOR_WARNING]);
    sbx_json_key_uint64(&w, "faults", report->counts[SBX_DOCTOR_FAULT]);
    sbx_json_key_uint64(&w, "cannotTell", report->counts[SBX_DOCTOR_CANNOT_TELL]);
    sbx_json_key_uint64(&w, "leftOut", report->left_out);
    sbx_json_key_array(&w, "rows");
    for (i = 0; i < report->count; i++)
        write_row(&w, &report->rows[i]);
    sbx_json_end_array(&w);
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

static int show(const struct sbx_cli *cli, const struct sbx_say *say,
    const struct sbx_doctor_gathered *gathered, const struct sbx_doctor_report *report)
{
    enum sbx_status status;
    struct sbx_error err;
    struct sbx_buf text;
    bool said = true;

    sbx_error_init(&err);
    sbx_buf_init(&text, TEXT_MAX_BYTES);
    status = cli->json ? print_json(gathered, report, &text, &err)
                       : print_text(gathered, report, &text, &err);
    if (!status)
        said = sbx_verbs_show(cli, say, &text);
    sbx_buf_done(&text);
    if (status)
        return sbx_verbs_failed(say, &err);
    if (!said)
        return SBX_EXIT_SANDBOX;
    return sbx_doctor_is_well(report) ? 0 : SBX_EXIT_FOUND;
}

int sbx_doctor_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_doctor_gathered *gathered = NULL; /* both too large for the stack */
    struct sbx_doctor_report *report = NULL;
    enum sbx_status status;
    struct sbx_error err;
    int code;

    if (cli->calibrate)
        return sbx_calibrate_command(cli, say);
    sbx_error_init(&err);
    status = sbx_calloc(1, sizeof(*gathered), &gathered, &err);
    if (!status)
        status = sbx_calloc(1, sizeof(*report), &report, &err);
    if (!status)
        status = sbx_doctor_gather(cli, gathered, &err);
    if (!status)
        sbx_doctor_judge(&gathered->facts, report);
    code = status || !gathered || !report ? sbx_verbs_failed(say, &err)
                                          : show(cli, say, gathered, report);
    if (gathered)
        sbx_doctor_gathered_done(gathered);
    free(gathered);
    free(report);
    return code;
}
