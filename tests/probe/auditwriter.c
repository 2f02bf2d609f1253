/*
 * Appends records to an audit log: `auditwriter STATE NUMBER COUNT [ROTATE_BYTES]`, as fast as it
 * can. Several of these at once, some killed, are what test_auditlog checks. Exit code 0: all were
 * written; it prints how many.
 */
#include "shared/win/auditlog.h"

#include <stdio.h>

#include "shared/win/wstr.h"

int wmain(int argc, wchar_t **argv_w);

int wmain(int argc, wchar_t **argv_w)
{
    struct sbx_auditlog log = {0};
    struct sbx_audit_record record;
    struct sbx_error err;
    char *state = NULL, text[1400];
    unsigned i = 0, count;

    sbx_error_init(&err);
    if (argc < 4 || sbx_wstr_to_utf8(argv_w[1], &state, &err) ||
        sbx_auditlog_open(state, true, &log, &err))
        goto failed;
    count = (unsigned)wcstoul(argv_w[3], NULL, 10);
    if (argc > 4)
        log.rotate_bytes = wcstoul(argv_w[4], NULL, 10);
    log.wait_ms = 60000;
    for (i = 0; i < count; i++) {
        sbx_audit_begin(&record, SBX_AUDIT_RUN_STARTED, SBX_OUTCOME_SUCCESS, sbx_auditlog_now_ms());
        sbx_audit_number(&record, "agent_sandbox", "writer", wcstoul(argv_w[2], NULL, 10));
        sbx_audit_number(&record, "agent_sandbox", "item", i);
        if (sbx_auditlog_append(&log, &record, NULL, &err))
            goto failed;
    }
    printf("%u\n", i);
    free(state);
    sbx_auditlog_close(&log);
    return 0;
failed:
    sbx_error_format(&err, text, sizeof(text));
    fprintf(stderr, "auditwriter: after %u: %s\n", i, text);
    free(state);
    sbx_auditlog_close(&log);
    return 1;
}
