/* See context.h. */
#include "context.h"

#include <stdarg.h>
#include <stdio.h>

#include "journalfile.h"

void sbx_setup_at(struct sbx_setup *setup, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(setup->object, sizeof(setup->object), format, args);
    va_end(args);
}

enum sbx_status sbx_setup_intend(
    struct sbx_setup *setup, const char *step, const char *object, struct sbx_error *err)
{
    sbx_setup_at(setup, "%s", object);
    if (sbx_setup_intended(setup, step, object))
        return SBX_OK;
    return sbx_setup_journal_line(setup, SBX_JOURNAL_OBJECT, step, object, err);
}

bool sbx_setup_intended(const struct sbx_setup *setup, const char *step, const char *object)
{
    return setup->journal && sbx_journal_intended(&setup->journal->records, step, object);
}

void sbx_setup_note(struct sbx_setup *setup, const char *format, ...)
{
    char text[SBX_ERROR_CONTEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (setup->notes.count < SBX_SETUP_NOTES_MAX)
        (void)!sbx_strings_add(&setup->notes, text, NULL);
}

enum sbx_status sbx_setup_set(char **member, const char *text, struct sbx_error *err)
{
    char *copy = NULL;
    enum sbx_status status = sbx_strdup(text, &copy, err);

    if (status)
        return status;
    free(*member);
    *member = copy;
    return SBX_OK;
}
