/* See approval.h. */
#include "approval.h"

#include "list.h"
#include "sha256.h"

static const char *const kind_names[] = {"none", "command", "write", "desktop", "network"};
static const char *const choice_names[] = {"none", "once", "session", "deny", "never"};

/* --- rules ------------------------------------------------------------------------------------ */

enum sbx_decision sbx_approval_rule(
    const struct sbx_policy *policy, enum sbx_approval_kind kind, enum sbx_approval_origin origin)
{
    enum sbx_decision written = SBX_DECISION_UNSET;

    switch (kind) {
    case SBX_APPROVAL_WRITE:
        written = policy->approve_write;
        break;
    case SBX_APPROVAL_NETWORK:
        written = policy->approve_network;
        break;
    case SBX_APPROVAL_DESKTOP:
        return policy->approve_desktop ? policy->approve_desktop : SBX_DECISION_PROMPT;
    case SBX_APPROVAL_COMMAND:
    default:
        return SBX_DECISION_DENY; /* a caller that asks here has no rule to follow */
    }
    if (written)
        return written;
    return origin == SBX_ORIGIN_PERSON ? SBX_DECISION_ALLOW : SBX_DECISION_PROMPT;
}

bool sbx_approval_allows(enum sbx_approval_choice choice)
{
    return choice == SBX_CHOICE_ONCE || choice == SBX_CHOICE_SESSION;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Each part with its length: no two questions have the same bytes. */
static void add_part(struct sbx_sha256 *sha, const char *text)
{
    uint64_t length = text ? strlen(text) : 0;
    uint8_t bytes[8];
    size_t i;

    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(length >> (8 * i));
    sbx_sha256_add(sha, bytes, sizeof(bytes));
    if (length)
        sbx_sha256_add(sha, text, (size_t)length);
}

static void key_of(const struct sbx_approval_question *question, uint8_t ret_key[SBX_SHA256_BYTES])
{
    struct sbx_sha256 sha;

    sbx_sha256_init(&sha);
    add_part(&sha, sbx_approval_kind_name(question->kind));
    add_part(&sha, question->subject);
    add_part(&sha, question->cwd);
    add_part(&sha, question->policy_hash);
    sbx_sha256_end(&sha, ret_key);
}

static struct sbx_approval_remembered *find(
    const struct sbx_approval_memory *memory, const uint8_t key[SBX_SHA256_BYTES])
{
    size_t i;

    for (i = 0; i < memory->count; i++)
        if (memcmp(memory->items[i].key, key, SBX_SHA256_BYTES) == 0)
            return &memory->items[i];
    return NULL;
}

bool sbx_approval_recall(const struct sbx_approval_memory *memory,
    const struct sbx_approval_question *question, struct sbx_approval_answer *ret_answer)
{
    const struct sbx_approval_remembered *found;
    uint8_t key[SBX_SHA256_BYTES];

    key_of(question, key);
    found = find(memory, key);
    if (found)
        *ret_answer = found->answer;
    return found != NULL;
}

enum sbx_status sbx_approval_remember(struct sbx_approval_memory *memory,
    const struct sbx_approval_question *question, const struct sbx_approval_answer *answer,
    struct sbx_error *err)
{
    struct sbx_approval_remembered *item;
    uint8_t key[SBX_SHA256_BYTES];
    enum sbx_status status;

    if (answer->choice != SBX_CHOICE_SESSION && answer->choice != SBX_CHOICE_NEVER)
        return SBX_OK;
    key_of(question, key);
    item = find(memory, key);
    if (!item) {
        if (memory->count >= SBX_APPROVAL_REMEMBERED_MAX)
            return sbx_fail(
                err, SBX_INVALID, "more than %u answers to remember", SBX_APPROVAL_REMEMBERED_MAX);
        status = sbx_list_grow(&memory->items, memory->count, sizeof(*memory->items), err);
        if (status)
            return status;
        item = &memory->items[memory->count++];
        memcpy(item->key, key, sizeof(key));
    }
    item->answer = *answer;
    return SBX_OK;
}

void sbx_approval_memory_done(struct sbx_approval_memory *memory)
{
    free(memory->items);
    memset(memory, 0, sizeof(*memory));
}

/* --- records ---------------------------------------------------------------------------------- */

enum sbx_status sbx_approval_record_add(struct sbx_approval_records *records,
    const struct sbx_approval_question *question, const struct sbx_approval_answer *answer,
    const char *how, struct sbx_error *err)
{
    struct sbx_approval_record *record;
    enum sbx_status status =
        sbx_list_grow(&records->items, records->count, sizeof(*records->items), err);

    if (status)
        return status;
    record = &records->items[records->count];
    status = sbx_strdup(question->subject, &record->subject, err);
    if (status)
        return status;
    record->kind = question->kind;
    record->answer = *answer;
    record->how = how;
    record->remembered = strcmp(how, "remembered") == 0;
    records->count++;
    return SBX_OK;
}

void sbx_approval_records_done(struct sbx_approval_records *records)
{
    size_t i;

    for (i = 0; i < records->count; i++)
        free(records->items[i].subject);
    free(records->items);
    memset(records, 0, sizeof(*records));
}

/* --- words ------------------------------------------------------------------------------------ */

enum sbx_approval_choice sbx_approval_choice_read(const char *word, size_t length_bytes)
{
    size_t i;

    for (i = SBX_CHOICE_ONCE; i < countof(choice_names); i++)
        if (strlen(choice_names[i]) == length_bytes &&
            memcmp(choice_names[i], word, length_bytes) == 0)
            return (enum sbx_approval_choice)i;
    return SBX_CHOICE_NONE;
}

const char *sbx_approval_kind_name(enum sbx_approval_kind kind)
{
    return (size_t)kind < countof(kind_names) ? kind_names[kind] : kind_names[0];
}

const char *sbx_approval_choice_name(enum sbx_approval_choice choice)
{
    return (size_t)choice < countof(choice_names) ? choice_names[choice] : choice_names[0];
}
