/* See status.h. The answer for programs, as one object. */
#include "status.h"

#include "shared/core/jsonwrite.h"

/* What sandbox-setup answered, value by value: nothing of its text is passed on as it is. */
static void copy_json(const struct sbx_json_at *at, const char *key, struct sbx_json_writer *w)
{
    struct sbx_json_at child = {0};
    const char *text = "";
    int64_t number = 0;
    bool yes = false;

    if (key)
        sbx_json_key(w, key);
    switch (sbx_json_type(at)) {
    case SBX_JSON_OBJECT:
        sbx_json_begin_object(w);
        while (sbx_json_next(at, &child))
            copy_json(&child, sbx_json_name(&child), w);
        sbx_json_end_object(w);
        break;
    case SBX_JSON_ARRAY:
        sbx_json_begin_array(w);
        while (sbx_json_next(at, &child))
            copy_json(&child, NULL, w);
        sbx_json_end_array(w);
        break;
    case SBX_JSON_STRING:
        sbx_json_string(w, sbx_json_as_string(at, SBX_STATUS_MAX_BYTES, &text, NULL) ? NULL : text);
        break;
    case SBX_JSON_BOOL:
        sbx_json_bool(w, !sbx_json_as_bool(at, &yes, NULL) && yes);
        break;
    case SBX_JSON_NUMBER:
        if (sbx_json_as_int(at, -SBX_JSON_INT_MAX, SBX_JSON_INT_MAX, &number, NULL))
            sbx_json_null(w);
        else
            sbx_json_int64(w, number);
        break;
    case SBX_JSON_NULL:
        sbx_json_null(w);
        break;
    }
}

static void json_record(const struct sbx_machine_state *state, struct sbx_json_writer *w)
{
    const struct sbx_installation *record = &state->installed.record;
    size_t i;

    sbx_json_key_string(w, "group", record->group_sid);
    sbx_json_key_array(w, "accounts");
    for (i = 0; i < record->account_count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "name", record->accounts[i].name);
        sbx_json_key_string(w, "sid", record->accounts[i].sid);
        sbx_json_key_bool(w, "offline", record->accounts[i].offline);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_key_strings(
        w, "operators", (const char *const *)record->operators.items, record->operators.count);
    sbx_json_key_array(w, "programs");
    for (i = 0; i < record->program_count && i < countof(state->programs); i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "name", record->programs[i].name);
        sbx_json_key_bool(w, "asInstalled", !state->programs[i].status);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_key_uint64(w, "proxyFirst", record->proxy_first);
    sbx_json_key_uint64(w, "proxyLast", record->proxy_last);
    sbx_json_key_bool(w, "fenceComplement", record->fence_complement);
    sbx_json_key_bool(w, "fenceProved", record->fence_proved);
    sbx_json_key_bool(w, "firewallEffective", record->firewall_effective);
    sbx_json_key_string(w, "firewallNote", record->firewall_note);
}

static void json_installation(const struct sbx_machine_state *state, struct sbx_json_writer *w)
{
    const struct sbx_installed *installed = &state->installed;
    char problem[SBX_ERROR_CONTEXT_MAX + 64];

    sbx_json_key_object(w, "installation");
    sbx_json_key_bool(w, "found", installed->found);
    sbx_json_key_bool(w, "current", installed->current);
    sbx_json_key_bool(w, "operator", state->prepared.facts.is_operator);
    if (installed->found && !installed->current) {
        sbx_error_format(&installed->problem, problem, sizeof(problem));
        sbx_json_key_string(w, "problem", problem);
        sbx_json_key_string(w, "hint", installed->problem.hint);
    }
    if (installed->read)
        json_record(state, w);
    sbx_json_end_object(w);
}

enum sbx_status sbx_status_json(
    const struct sbx_machine_state *state, struct sbx_buf *json, struct sbx_error *err)
{
    struct sbx_json_writer w;
    struct sbx_json_at root;
    enum sbx_status status;
    size_t count = 0;
    const char *const *list = sbx_status_residuals(state, &count);

    sbx_json_writer_begin(&w, json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_string(&w, "platform", state->platform);
    sbx_json_key_string(&w, "mode", state->mode ? sbx_mode_name(state->mode) : NULL);
    if (!state->mode) {
        sbx_json_key_string(&w, "noMode", state->no_mode.context);
        sbx_json_key_string(&w, "hint", state->no_mode.hint);
    }
    json_installation(state, &w);
    sbx_json_key_string(&w, "recipe", sbx_status_recipe(state));
    sbx_json_key_bool(&w, "calibrated", sbx_status_is_calibrated(state));
    if (state->machine && !sbx_json_root_object(state->machine, &root, NULL))
        copy_json(&root, "machine", &w);
    else
        sbx_json_key_null(&w, "machine");
    sbx_json_key_strings(&w, "residuals", list, count);
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    return status ? status : sbx_buf_putc(json, '\n', err);
}
