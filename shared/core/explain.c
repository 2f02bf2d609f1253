/* See explain.h. */
#include "explain.h"

#include "verify.h"

static bool same(const char *a, size_t length, const char *b)
{
    size_t i;

    for (i = 0; i < length; i++) {
        char x = a[i], y = b[i];

        if (x >= 'A' && x <= 'Z')
            x = (char)(x + 32);
        if (y >= 'A' && y <= 'Z')
            y = (char)(y + 32);
        if (!y || x != y)
            return false;
    }
    return true;
}

/* The code itself, or the name that a system error's text begins with ("ERROR_...: "). */
static bool is_called(const struct sbx_explanation *row, const char *code)
{
    size_t name = strcspn(row->what, ":");

    if (strlen(row->code) == strlen(code) && same(row->code, strlen(code), code))
        return true;
    return strchr(row->what, '_') && name == strlen(code) && same(row->what, name, code);
}

static enum sbx_status explain_row(
    const struct sbx_verify_row *row, struct sbx_buf *text, struct sbx_error *err)
{
    const char *reason = row->reason ? row->reason : "";

    if (!row->words)
        return sbx_buf_printf(text, err, "%s: %s (%s)\n  not tried: %s. %s\n", row->id, row->name,
            sbx_verify_group_name((enum sbx_verify_group)row->group),
            sbx_verify_class_name(row->unprobed), reason);
    return sbx_buf_printf(text, err, "%s: %s (%s)\n  stopped by: %s\n  tried: %s\n%s%s%s", row->id,
        row->name, sbx_verify_group_name((enum sbx_verify_group)row->group), row->mechanism,
        row->words + sbx_verify_is_check(row), *reason ? "  where it is not held: " : "", reason,
        *reason ? "\n" : "");
}

enum sbx_status sbx_explain(const char *code, struct sbx_buf *ret_text, struct sbx_error *err)
{
    enum sbx_status status;
    size_t i;

    for (i = 0; i < sbx_verify_row_count; i++) {
        const char *id = sbx_verify_rows[i].id;

        if (strlen(id) == strlen(code) && same(id, strlen(id), code))
            return explain_row(&sbx_verify_rows[i], ret_text, err);
    }
    for (i = 0; i < sbx_explanation_count; i++) {
        const struct sbx_explanation *row = &sbx_explanations[i];

        if (is_called(row, code))
            return sbx_buf_printf(ret_text, err, "%s: %s\n  why: %s\n  what to do: %s\n", row->code,
                row->what, row->why, row->remedy);
    }
    status = sbx_fail(err, SBX_NOT_FOUND, "'%.64s' is no code of ours", code);
    sbx_error_hint(err, "an exit code (125), a status (unproven), a fact (TokenRestrictedSids), a "
                        "system error (1326), or a row of verify (F1a)");
    return status;
}
