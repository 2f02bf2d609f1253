/* See finding.h. */
#include "finding.h"
#include "utf.h"

#include <stdarg.h>
#include <stdio.h>

void sbx_findings_init(struct sbx_findings *findings)
{
    memset(findings, 0, sizeof(*findings));
}

void sbx_findings_add(struct sbx_findings *findings, const char *fact, const char *format, ...)
{
    struct sbx_finding *item;
    va_list args;
    int n;

    if (!findings)
        return;
    if (findings->count == SBX_FINDINGS_MAX) {
        findings->left_out++;
        return;
    }
    item = &findings->items[findings->count++];
    snprintf(item->fact, sizeof(item->fact), "%s", fact);
    va_start(args, format);
    n = vsnprintf(item->text, sizeof(item->text), format, args);
    va_end(args);
    if (n < 0)
        item->text[0] = '\0';
    else if ((size_t)n >= sizeof(item->text))
        memcpy(item->text + sbx_utf8_valid_bytes(item->text, sizeof(item->text) - 4), "...", 4);
}

bool sbx_findings_has(const struct sbx_findings *findings, const char *fact)
{
    size_t i;

    for (i = 0; i < findings->count; i++)
        if (strcmp(findings->items[i].fact, fact) == 0)
            return true;
    return false;
}

enum sbx_status sbx_findings_refuse(
    const struct sbx_findings *findings, const char *what, struct sbx_error *err)
{
    const struct sbx_finding *first = &findings->items[0];
    size_t more;

    if (findings->count == 0)
        return SBX_OK;
    more = findings->count - 1 + findings->left_out;
    if (more == 0)
        return sbx_fail(
            err, SBX_UNPROVEN, "%s: could not be proved: %s (%s)", what, first->fact, first->text);
    return sbx_fail(err, SBX_UNPROVEN, "%s: could not be proved: %s (%s), and %zu more", what,
        first->fact, first->text, more);
}
