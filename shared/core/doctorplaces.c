/* Checks of `agent doctor`: volumes, tools, folders, ledgers and what runs left behind. */
#include "doctor_internal.h"

#include <stdio.h>

void sbx_doctor_volumes(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    bool found = false;
    size_t i;

    for (i = 0; i < facts->volume_count; i++) {
        const struct sbx_doctor_volume *volume = &facts->volumes[i];
        char command[64];

        if (volume->keeps_acls == SBX_KNOWN_YES)
            continue;
        found = true;
        if (volume->keeps_acls == SBX_UNKNOWN) {
            sbx_doctor_remedy(
                sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL,
                    "%s '%s': its volume could not be asked", volume->what, volume->path),
                false, NULL, "use a folder on a local NTFS volume");
            continue;
        }
        snprintf(command, sizeof(command), "convert.exe %.2s /fs:ntfs", volume->path);
        sbx_doctor_remedy(
            sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                "%s '%s' lies on a volume (%s) that keeps no access lists", volume->what,
                volume->path, volume->filesystem[0] ? volume->filesystem : "unknown"),
            true, command, "as an administrator: %s", command);
    }
    if (!found)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "%zu places lie on volumes with access lists",
            facts->volume_count);
}

/* --- tools -------------------------------------------------------------------------------------
 */

void sbx_doctor_tools_user(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    bool found = false;
    size_t i;

    for (i = 0; i < facts->tool_count; i++) {
        const struct sbx_doctor_tool *tool = &facts->tools[i];
        char command[SBX_DOCTOR_TEXT_MAX];

        if (tool->user_may == SBX_KNOWN_YES)
            continue;
        found = true;
        snprintf(command, sizeof(command), "icacls.exe \"%s\" /grant *%s:(RX)", tool->path,
            facts->user_sid ? facts->user_sid : "S-1-5-32-545");
        if (tool->user_may == SBX_KNOWN_NO)
            sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_WARNING,
                                  "%s: PATH leads to '%s', which this user cannot execute",
                                  tool->name, tool->path),
                true, command, "as its owner or an administrator: %s", command);
        else
            sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL,
                                  "%s: '%s' cannot be opened", tool->name, tool->path),
                false, NULL, "install the program itself; app execution aliases cannot be used");
    }
    if (!found)
        sbx_doctor_add(
            report, id, SBX_DOCTOR_OK, "this user can execute the %zu tools", facts->tool_count);
}

/* A backslash in JSON is two. */
static void json_path(const char *path, char *ret_text, size_t size_bytes)
{
    size_t at = 0;

    for (; *path && at + 3 < size_bytes; path++) {
        if (*path == '\\' || *path == '"')
            ret_text[at++] = '\\';
        ret_text[at++] = *path;
    }
    ret_text[at] = '\0';
}

void sbx_doctor_tools_account(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    char folder[SBX_DOCTOR_TEXT_MAX];
    size_t found = 0, unknown = 0, i;

    for (i = 0; i < facts->tool_count; i++) {
        const struct sbx_doctor_tool *tool = &facts->tools[i];

        if (tool->account_may == SBX_KNOWN_NO) {
            found++;
            json_path(tool->folder, folder, sizeof(folder));
            sbx_doctor_remedy(
                sbx_doctor_add(report, id, SBX_DOCTOR_WARNING,
                    "%s: the sandbox accounts cannot execute '%s'", tool->name, tool->path),
                false, NULL, "put into '%s': {\"filesystem\": {\"allowRead\": [\"%s\"]}}",
                facts->policy_path ? facts->policy_path : "a policy file", folder);
        } else if (tool->account_may == SBX_UNKNOWN) {
            unknown++;
        }
    }
    if (unknown)
        sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL,
                              "the access lists of %zu tools could not be read", unknown),
            true, NULL, "run agent doctor from an administrator's prompt");
    if (!found && !unknown)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "the sandbox accounts can execute the %zu tools",
            facts->tool_count);
}

/* --- who else may write ------------------------------------------------------------------------
 */

static void writable(const char *id, const struct sbx_doctor_place *places, size_t count,
    const char *what, struct sbx_doctor_report *report)
{
    bool found = false;
    size_t i;

    for (i = 0; i < count; i++) {
        const struct sbx_doctor_place *place = &places[i];
        const bool everyone = place->writers == SBX_DOCTOR_WRITERS_EVERYONE;
        char command[SBX_DOCTOR_TEXT_MAX];
        struct sbx_doctor_row *row;

        if (place->writers == SBX_DOCTOR_WRITERS_FEW)
            continue;
        found = true;
        if (place->writers == SBX_DOCTOR_WRITERS_UNKNOWN) {
            sbx_doctor_remedy(sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL,
                                  "the access list of '%s' could not be read", place->path),
                true, NULL, "run agent doctor from an administrator's prompt");
            continue;
        }
        snprintf(command, sizeof(command), "icacls.exe \"%s\" /inheritance:d /remove:g %s",
            place->path,
            everyone ? "*S-1-1-0 *S-1-5-12 *S-1-5-7" : "*S-1-5-11 *S-1-5-32-545 *S-1-5-4");
        row = everyone
                  ? sbx_doctor_add(report, id, SBX_DOCTOR_FAULT,
                        "%s '%s' may be written by Everyone, a sandboxed command included", what,
                        place->path)
                  : sbx_doctor_add(report, id, SBX_DOCTOR_WARNING,
                        "%s '%s' may be written by every user of this machine", what, place->path);
        sbx_doctor_remedy(row, true, command, "as its owner or an administrator: %s", command);
    }
    if (!found)
        sbx_doctor_add(
            report, id, SBX_DOCTOR_OK, "%s: %zu looked at, none open to all", what, count);
}

void sbx_doctor_writable_path(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    writable(id, facts->path_places, facts->path_place_count, "directory on PATH", report);
}

void sbx_doctor_writable_root(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    writable(id, facts->root_places, facts->root_place_count, "in a root", report);
}

/* --- ledgers -----------------------------------------------------------------------------------
 */

static bool gone(const struct sbx_doctor_ledger *ledger)
{
    return !ledger->damaged && ledger->root_exists == SBX_KNOWN_NO;
}

static bool unfinished(const struct sbx_doctor_ledger *ledger)
{
    return !ledger->damaged && ledger->root_exists == SBX_KNOWN_YES && ledger->unfinished &&
           ledger->held == SBX_KNOWN_NO;
}

static bool damaged(const struct sbx_doctor_ledger *ledger)
{
    return ledger->damaged;
}

static void ledgers(const char *id, const struct sbx_doctor_facts *facts,
    bool (*is_bad)(const struct sbx_doctor_ledger *), const char *bad, const char *good,
    struct sbx_doctor_report *report)
{
    bool found = facts->ledgers_asked == SBX_UNKNOWN;
    size_t i;

    if (found)
        sbx_doctor_remedy(
            sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL, "the ledgers could not be read"),
            false, NULL, "look at the check dacl.state");
    for (i = 0; i < facts->ledger_count; i++) {
        const struct sbx_doctor_ledger *ledger = &facts->ledgers[i];
        const bool has_path = ledger->path && ledger->path[0];
        struct sbx_doctor_row *row;
        char command[SBX_DOCTOR_TEXT_MAX];

        if (!is_bad(ledger))
            continue;
        found = true;
        if (is_bad == gone)
            snprintf(command, sizeof(command), "agent revoke %s", ledger->name);
        else
            snprintf(command, sizeof(command), "agent grants repair %s", ledger->name);
        row = sbx_doctor_add(report, id, SBX_DOCTOR_WARNING, "ledger of '%s' %s",
            has_path ? ledger->path : ledger->name, bad);
        if (has_path)
            sbx_doctor_agent(row, command);
        else /* not even its first line can be read: only a run knows what belongs into it */
            sbx_doctor_remedy(row, false, NULL,
                "run a command in the directory it is for, which writes it anew; if that is gone, "
                "delete the ledger");
    }
    if (!found)
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "%s (%zu ledgers)", good, facts->ledger_count);
}

void sbx_doctor_ledger_gone(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    ledgers(id, facts, gone, "(the folder is gone)", "every granted folder is there", report);
}

void sbx_doctor_ledger_unfinished(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    ledgers(id, facts, unfinished, "(a run ended in the middle of granting)",
        "every grant is finished", report);
}

void sbx_doctor_ledger_damaged(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    ledgers(id, facts, damaged, "(part of it cannot be read)", "every ledger can be read", report);
}

/* --- what runs left ----------------------------------------------------------------------------
 */

static void left(const char *id, const char *const *names, size_t count, enum sbx_known asked,
    const char *what, struct sbx_doctor_report *report)
{
    if (asked == SBX_UNKNOWN)
        sbx_doctor_remedy(
            sbx_doctor_add(report, id, SBX_DOCTOR_CANNOT_TELL, "%s: could not be looked at", what),
            true, NULL, "run agent doctor from an administrator's prompt");
    else if (count)
        sbx_doctor_agent(
            sbx_doctor_add(report, id, SBX_DOCTOR_WARNING,
                "%s of runs that are dead: %zu, the first is '%s'", what, count, names[0]),
            "agent run -- cmd.exe /c exit");
    else
        sbx_doctor_add(report, id, SBX_DOCTOR_OK, "%s of dead runs: none", what);
}

void sbx_doctor_lease_stale(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    left(id, facts->stale_leases, facts->stale_lease_count, facts->leases_asked, "leases", report);
}

void sbx_doctor_work_stale(
    const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)
{
    left(id, facts->stale_work, facts->stale_work_count, facts->work_asked, "work folders", report);
}
