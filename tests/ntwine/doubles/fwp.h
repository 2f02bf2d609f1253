/* What the parts of the double of fwpuclnt.dll share. See fwpuclnt.c. */

#ifndef NTWINE_FWP_H
#define NTWINE_FWP_H

#include "double.h"

#include <fwpmu.h>

#define FWP_ALREADY_EXISTS 0x80320009u
#define FWP_FILTER_NOT_FOUND 0x80320003u
#define FWP_CONDITION_NOT_FOUND 0x80320002u
#define FWP_LAYER_NOT_FOUND 0x80320004u
#define FWP_PROVIDER_NOT_FOUND 0x80320005u
#define FWP_SUBLAYER_NOT_FOUND 0x80320007u
#define FWP_NOT_FOUND 0x80320008u
#define FWP_IN_USE 0x8032000Au
#define FWP_NO_TXN 0x8032000Du
#define FWP_TXN_IN_PROGRESS 0x8032000Eu
#define FWP_NULL_POINTER 0x8032001Cu
#define FWP_TYPE_MISMATCH 0x80320027u
#define FWP_NULL_DISPLAY_NAME 0x80320023u
#define FWP_MATCH_TYPE_MISMATCH 0x80320026u

/* A change that waits for its transaction's end; `record` is NULL for a removal. */
struct change {
    struct change *next;
    struct machine *holder; /* owns record, so that the record functions can be used */
    struct record *record;
    char kind[24], key[40];
};

struct session {
    unsigned magic;
    bool in_transaction, dynamic;
    char id[32];
    struct change *first;
};

#define SESSION_MAGIC 0x4e545746u

/* ---- fwpvalue.c: values as text, "type:hex", a range "258:type:hex-type:hex" ---- */

struct text {
    char data[30000];
    size_t used;
};

struct arena {
    BYTE *data;
    size_t used, room;
};

void guid_text(const GUID *guid, char *out);
void guid_parse(const char *text, GUID *guid);
bool is_null(const GUID *guid);
void put(struct text *text, const char *data);
void put_value(struct text *text, DWORD type, const FWP_VALUE0 *value);
/* Filled with zeros; the room is for so many objects. FwpmFreeMemory0 frees all of it. */
bool begin_arena(struct arena *arena, size_t objects);
void *take(struct arena *arena, size_t size);
DWORD get_value(struct arena *arena, const char **text, FWP_VALUE0 *value);
wchar_t *get_text(struct arena *arena, const char *text);

/* ---- fwpstore.c: objects and transactions ---- */

/* A kind of object: its records, what is said when one is missing, and how one is read. */
struct kind {
    const char *name;
    DWORD missing;
    size_t size;
    void (*load)(struct arena *arena, void *object, const struct record *record);
};

struct session *session_of(HANDLE engine);
/* Begin and end of a call: logging, injected failures, rights, and a transaction of its own where none is open. */
DWORD begin(const char *function, HANDLE engine, const char *what, struct session **session);
DWORD finish(const char *function, struct session *session, DWORD code);

/* The record as this session sees it: its own pending changes first, the last one wins. */
struct record *find_object(struct session *session, struct machine *machine, const char *kind, const char *field, const char *value);
struct change *add_change(struct session *session, const char *kind, const char *key);
struct record *new_object(struct session *session, const char *kind, const char *key);
void drop_changes(struct session *session);
void apply_changes(struct session *session);

void set_display(struct record *record, const FWPM_DISPLAY_DATA0 *display);
void get_display(struct arena *arena, FWPM_DISPLAY_DATA0 *display, const struct record *record);
void set_provider(struct record *record, const GUID *provider);
GUID *get_provider(struct arena *arena, const struct record *record);
DWORD check_provider(struct session *session, struct machine *machine, const GUID *provider);

/* A whole call each. */
DWORD remove_object(const char *function, HANDLE engine, const struct kind *kind, const GUID *guid);
DWORD get_object(const char *function, HANDLE engine, const struct kind *kind, const char *field, const char *value, void **ret);
DWORD get_by_key(const char *function, HANDLE engine, const struct kind *kind, const GUID *guid, void **ret);

#endif
