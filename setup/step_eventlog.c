/*
 * Step "eventlog": the source of our events in the Windows Event Log, so that whoever reads them
 * finds their texts. For administrators' eyes; nothing of the boundary depends on it.
 *
 * The key is ours when its EventMessageFile is our file below Program Files. A key that names
 * another file, or none, is somebody else's, unless the journal says that set-up was about to make
 * it and it holds nothing else: then the power failed in between. Undo takes our two values away,
 * and the key when nothing is left in it.
 *
 * @see https://learn.microsoft.com/windows/win32/eventlog/event-sources
 */
#include "eventsource.h"
#include "steps.h"

#include "shared/core/winpath.h"
#include "shared/win/eventlog.h"
#include "shared/win/regvalue.h"

#define STEP "eventlog"
#define OBJECT "event source '" SBX_EVENTLOG_SOURCE "'"
#define VALUE_FILE "EventMessageFile"
#define VALUE_TYPES "TypesSupported"
#define TYPES 7u /* EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE */

static enum sbx_status our_file(
    const struct sbx_setup *setup, char **ret_path, struct sbx_error *err)
{
    return sbx_winpath_join(setup->program_folder, SBX_EVENTS_NAME, ret_path, err);
}

/* No message file is named: ours only when the journal says so and nothing else is in the key. */
static enum sbx_status judge_unnamed(
    const struct sbx_setup *setup, bool types, enum sbx_step_state *ret, struct sbx_error *err)
{
    uint32_t keys = 1, values = 1;
    enum sbx_status status = sbx_regvalue_key_count(SBX_EVENTLOG_KEY, &keys, &values, err);

    *ret = sbx_setup_intended(setup, STEP, OBJECT) && !keys && values == types ? SBX_STEP_DIFFERENT
                                                                               : SBX_STEP_FOREIGN;
    return status;
}

static enum sbx_status judge(
    const struct sbx_setup *setup, enum sbx_step_state *ret, struct sbx_error *err)
{
    char *wanted = NULL;
    char *found = NULL;
    bool types = false;
    uint32_t number = 0;
    enum sbx_status status = our_file(setup, &wanted, err);
    enum sbx_status file = SBX_OK;

    if (!status) {
        status = sbx_regvalue_get(SBX_EVENTLOG_KEY, VALUE_TYPES, &types, &number, err);
        if (status == SBX_INVALID) { /* there, and no number: to be replaced */
            types = true;
            status = SBX_OK;
        }
    }
    if (!status)
        file = sbx_regvalue_get_path(SBX_EVENTLOG_KEY, VALUE_FILE, &found, err);
    if (!status && file == SBX_NOT_FOUND)
        status = judge_unnamed(setup, types, ret, err);
    else if (!status && file == SBX_INVALID)
        *ret = SBX_STEP_FOREIGN;
    else if (!status && file)
        status = file;
    else if (!status && !sbx_winpath_equal(found, wanted))
        *ret = SBX_STEP_FOREIGN;
    else if (!status)
        *ret = types && number == TYPES ? SBX_STEP_PRESENT : SBX_STEP_DIFFERENT;
    free(found);
    free(wanted);
    return status;
}

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    bool exists = false;
    enum sbx_status status;

    sbx_setup_at(setup, "registry key 'HKLM\\%s'", SBX_EVENTLOG_KEY);
    status = sbx_regvalue_key_exists(SBX_EVENTLOG_KEY, &exists, err);
    *ret = SBX_STEP_ABSENT;
    return status || !exists ? status : judge(setup, ret, err);
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    char *file = NULL;
    bool exists = false;
    enum sbx_status status = our_file(setup, &file, err);

    if (!status)
        status = sbx_regvalue_key_exists(SBX_EVENTLOG_PARENT, &exists, err);
    if (!status && !exists)
        status = sbx_fail(err, SBX_UNSUPPORTED, "this Windows has no Application log");
    if (!status)
        status = sbx_setup_intend(setup, STEP, OBJECT, err);
    if (!status)
        status = sbx_regvalue_set_path(SBX_EVENTLOG_KEY, VALUE_FILE, file, err);
    if (!status)
        status = sbx_regvalue_set(SBX_EVENTLOG_KEY, VALUE_TYPES, TYPES, err);
    free(file);
    return status;
}

static enum sbx_status verify(void *context, struct sbx_error *err)
{
    enum sbx_step_state state = SBX_STEP_ABSENT;
    enum sbx_status status = examine(context, &state, err);

    if (!status && state != SBX_STEP_PRESENT)
        status = sbx_fail(err, SBX_UNPROVEN, "the event source is %s", sbx_step_state_name(state));
    return status;
}

/* The file's name goes last: as long as it is there, the key is known to be ours. */
static enum sbx_status undo(void *context, struct sbx_error *err)
{
    enum sbx_step_state state = SBX_STEP_ABSENT;
    enum sbx_status status = examine(context, &state, err);
    bool pruned = false;

    if (status || state == SBX_STEP_ABSENT || state == SBX_STEP_FOREIGN)
        return status;
    status = sbx_regvalue_delete(SBX_EVENTLOG_KEY, VALUE_TYPES, err);
    if (!status)
        status = sbx_regvalue_delete(SBX_EVENTLOG_KEY, VALUE_FILE, err);
    if (!status)
        status = sbx_regvalue_prune(SBX_EVENTLOG_KEY, &pruned, err);
    return status;
}

bool sbx_setup_has_event_source(struct sbx_setup *setup)
{
    enum sbx_step_state state = SBX_STEP_ABSENT;
    struct sbx_error unsaid;
    char object[SBX_SETUP_OBJECT_MAX];
    bool found;

    sbx_error_init(&unsaid);
    memcpy(object, setup->object, sizeof(object));
    found = !examine(setup, &state, &unsaid) &&
            (state == SBX_STEP_PRESENT || state == SBX_STEP_DIFFERENT);
    memcpy(setup->object, object, sizeof(object));
    return found;
}

const struct sbx_step sbx_step_eventlog = {
    .name = STEP,
    .why_safe = "one constant key with two values: our file of texts, which is resources only and "
                "which only administrators write, and a number; a key of that name which does not "
                "name our file is neither changed nor removed",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
};
