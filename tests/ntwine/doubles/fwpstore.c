/* Objects of the filtering platform in the machine state, and the transactions around them. See fwp.h. */

#include "fwp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct session *session_of(HANDLE engine)
{
    struct session *session = engine;

    return session && session->magic == SESSION_MAGIC ? session : NULL;
}

struct record *find_object(struct session *session, struct machine *machine, const char *kind, const char *field, const char *value)
{
    struct record *found = NULL;
    struct change *change;
    bool removed = false;

    for (change = session->first; change; change = change->next) {
        if (strcmp(change->kind, kind) != 0) continue;
        if (change->record && !_stricmp(record_get(change->record, field), value)) found = change->record, removed = false;
        else if (!change->record && !strcmp(field, "key") && !_stricmp(change->key, value)) found = NULL, removed = true;
    }
    if (found || removed) return found;
    found = record_find(machine, NULL, kind, field, value);
    for (change = session->first; found && change; change = change->next)
        if (!change->record && !strcmp(change->kind, kind) && !_stricmp(change->key, record_get(found, "key"))) return NULL;
    return found;
}

static void copy_record(struct machine *machine, const struct record *from)
{
    struct record *to = record_add(machine, record_get(from, "kind"));
    size_t i;

    for (i = 0; i < from->count; i++) record_set(to, from->fields[i].name, from->fields[i].value);
}

void drop_changes(struct session *session)
{
    struct change *next;

    for (; session->first; session->first = next) {
        next = session->first->next;
        if (session->first->holder) machine_done(session->first->holder, FALSE);
        free(session->first);
    }
}

void apply_changes(struct session *session)
{
    struct machine *machine;
    struct change *change;
    struct record *record;

    do {
        machine = machine_load();
        for (change = session->first; change; change = change->next) {
            if (change->record) copy_record(machine, change->record);
            else if ((record = record_find(machine, NULL, change->kind, "key", change->key))) record_remove(machine, record);
        }
    } while (!machine_done(machine, TRUE));
    drop_changes(session);
}

struct change *add_change(struct session *session, const char *kind, const char *key)
{
    struct change **end = &session->first, *change = calloc(1, sizeof(*change));

    while (*end) end = &(*end)->next;
    snprintf(change->kind, sizeof(change->kind), "%s", kind);
    snprintf(change->key, sizeof(change->key), "%s", key);
    return *end = change;
}

struct record *new_object(struct session *session, const char *kind, const char *key)
{
    struct change *change = add_change(session, kind, key);

    change->holder = calloc(1, sizeof(*change->holder));
    change->record = record_add(change->holder, kind);
    record_set(change->record, "key", key);
    if (session->dynamic) record_set(change->record, "session", session->id);
    return change->record;
}

DWORD begin(const char *function, HANDLE engine, const char *what, struct session **session)
{
    DWORD code = double_call(function, "%s", what);

    *session = session_of(engine);
    if (!code && !*session) code = ERROR_INVALID_HANDLE;
    return code ? code : caller_is_admin() ? 0 : ERROR_ACCESS_DENIED;
}

DWORD finish(const char *function, struct session *session, DWORD code)
{
    if (session && !session->in_transaction) {
        if (!code && session->first) apply_changes(session);
        else drop_changes(session);
    }
    double_result(function, code);
    return code;
}

/* ---- what objects have in common ---- */

void set_display(struct record *record, const FWPM_DISPLAY_DATA0 *display)
{
    char *name = utf8(display->name), *description = utf8(display->description);

    record_set(record, "name", name);
    record_set(record, "description", description);
    free(name);
    free(description);
}

void get_display(struct arena *arena, FWPM_DISPLAY_DATA0 *display, const struct record *record)
{
    display->name = get_text(arena, record_get(record, "name"));
    display->description = get_text(arena, record_get(record, "description"));
}

void set_provider(struct record *record, const GUID *provider)
{
    char key[40] = "";

    if (provider) guid_text(provider, key);
    record_set(record, "provider", key);
}

GUID *get_provider(struct arena *arena, const struct record *record)
{
    GUID *guid;

    if (!*record_get(record, "provider")) return NULL;
    guid = take(arena, sizeof(*guid));
    guid_parse(record_get(record, "provider"), guid);
    return guid;
}

DWORD check_provider(struct session *session, struct machine *machine, const GUID *provider)
{
    char key[40];

    if (!provider) return 0;
    guid_text(provider, key);
    return find_object(session, machine, "wfp-provider", "key", key) ? 0 : FWP_PROVIDER_NOT_FOUND;
}

/* Is anything still attached? */
static bool in_use(struct session *session, struct machine *machine, const char *kind, const char *key)
{
    if (!strcmp(kind, "wfp-provider"))
        return find_object(session, machine, "wfp-filter", "provider", key) || find_object(session, machine, "wfp-sublayer", "provider", key);
    return !strcmp(kind, "wfp-sublayer") && find_object(session, machine, "wfp-filter", "sublayer", key);
}

DWORD remove_object(const char *function, HANDLE engine, const struct kind *kind, const GUID *guid)
{
    struct machine *machine = machine_load();
    struct session *session;
    char key[40];
    DWORD code;

    guid_text(guid, key);
    code = begin(function, engine, key, &session);
    if (!code && !find_object(session, machine, kind->name, "key", key)) code = kind->missing;
    if (!code && in_use(session, machine, kind->name, key)) code = FWP_IN_USE;
    if (!code) add_change(session, kind->name, key);
    machine_done(machine, FALSE);
    return finish(function, session, code);
}

DWORD get_object(const char *function, HANDLE engine, const struct kind *kind, const char *field, const char *value, void **ret)
{
    struct machine *machine = machine_load();
    struct session *session;
    struct record *record = NULL;
    struct arena arena;
    DWORD code = begin(function, engine, value, &session);

    if (!code && !(record = find_object(session, machine, kind->name, field, value))) code = kind->missing;
    if (!code && begin_arena(&arena, 1)) {
        *ret = take(&arena, kind->size);
        kind->load(&arena, *ret, record);
    }
    machine_done(machine, FALSE);
    return finish(function, NULL, code);
}

DWORD get_by_key(const char *function, HANDLE engine, const struct kind *kind, const GUID *guid, void **ret)
{
    char key[40];

    guid_text(guid, key);
    return get_object(function, engine, kind, "key", key, ret);
}
