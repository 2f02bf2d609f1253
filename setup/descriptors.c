/* See descriptors.h. */
#include "descriptors.h"

#define OICI (SBX_ACE_OI | SBX_ACE_CI)
#define RX (SBX_FILE_GENERIC_READ | SBX_FILE_GENERIC_EXECUTE)
/* Pass through and ask for the attributes; no list of names. */
#define TRAVERSE SBX_FILE_GENERIC_EXECUTE
/* List, pass, and make folders: FILE_ADD_SUBDIRECTORY is FILE_APPEND_DATA. No files, no DELETE. */
#define ADD_FOLDERS (RX | SBX_FILE_APPEND_DATA)

enum who { FOR_SYSTEM, FOR_ADMINS, FOR_USERS, FOR_GROUP, FOR_OPERATORS };

struct entry {
    enum who who; /* group and operators are left out of the base form */
    uint8_t type;
    uint8_t flags;
    uint32_t mask;
    const char *why;
};

static const struct entry program[] = {
    {FOR_SYSTEM, SBX_ACE_ALLOW, OICI, SBX_FILE_ALL, "fleet management updates it"},
    {FOR_ADMINS, SBX_ACE_ALLOW, OICI, SBX_FILE_ALL, "set-up and machine policy"},
    {FOR_USERS, SBX_ACE_ALLOW, OICI, RX,
        "the runner is started from here by operators and by the sandbox accounts; nobody else "
        "writes, so what was hashed is what starts"},
};

/*
 * The deny comes first. A sandbox account is never an operator, so it would have no allow here
 * anyway; the deny holds also when somebody adds one for Users or Everyone.
 */
static const struct entry secrets[] = {
    {FOR_GROUP, SBX_ACE_DENY, OICI, SBX_FILE_ALL, "no sandbox account reads its own credential"},
    {FOR_SYSTEM, SBX_ACE_ALLOW, OICI, SBX_FILE_ALL, "a service that starts the runner"},
    {FOR_ADMINS, SBX_ACE_ALLOW, OICI, SBX_FILE_ALL, "set-up seals and rotates"},
    {FOR_OPERATORS, SBX_ACE_ALLOW, OICI, RX, "the launch stage unseals as the operator"},
};

static const struct entry data[] = {
    {FOR_SYSTEM, SBX_ACE_ALLOW, OICI, SBX_FILE_ALL, "fleet management"},
    {FOR_ADMINS, SBX_ACE_ALLOW, OICI, SBX_FILE_ALL, "set-up removes it"},
    {FOR_OPERATORS, SBX_ACE_ALLOW, 0, RX, "on the way to work; this folder only"},
    {FOR_GROUP, SBX_ACE_ALLOW, 0, TRAVERSE, "on the way to its home and TEMP; no list of names"},
};

static const struct entry work[] = {
    {FOR_SYSTEM, SBX_ACE_ALLOW, OICI, SBX_FILE_ALL, "fleet management"},
    {FOR_ADMINS, SBX_ACE_ALLOW, OICI, SBX_FILE_ALL, "set-up removes it"},
    {FOR_OPERATORS, SBX_ACE_ALLOW, 0, ADD_FOLDERS,
        "the agent makes homes and TEMP folders here, each PROTECTED for itself; an operator can "
        "neither rename nor delete those of another one"},
    {FOR_GROUP, SBX_ACE_ALLOW, 0, TRAVERSE,
        "a sandbox account reaches the folder that it was given and sees no other name"},
};

static const struct table {
    const struct entry *entries;
    size_t count;
} tables[SBX_FOLDER_COUNT] = {
    [SBX_FOLDER_PROGRAM] = {program, countof(program)},
    [SBX_FOLDER_SECRETS] = {secrets, countof(secrets)},
    [SBX_FOLDER_DATA] = {data, countof(data)},
    [SBX_FOLDER_WORK] = {work, countof(work)},
};

const char *sbx_setup_folder_path(const struct sbx_setup *setup, enum sbx_setup_folder folder)
{
    switch (folder) {
    case SBX_FOLDER_PROGRAM:
        return setup->program_folder;
    case SBX_FOLDER_SECRETS:
        return setup->secrets_folder;
    case SBX_FOLDER_DATA:
        return setup->data_folder;
    default:
        return setup->work_folder;
    }
}

static enum sbx_status add(struct sbx_acl *acl, const struct entry *entry,
    const struct sbx_sid *sid, struct sbx_error *err)
{
    struct sbx_ace ace = sbx_ace_make(entry->type, entry->flags, entry->mask, sid);

    return sbx_acl_insert(acl, acl->count, &ace, err);
}

/* In the order of the record, so that one set of operators has one descriptor. */
static enum sbx_status add_operators(struct sbx_acl *acl, const struct entry *entry,
    const struct sbx_installation *inst, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    struct sbx_sid sid;
    size_t i;

    for (i = 0; !status && i < inst->operators.count; i++) {
        status = sbx_sid_parse(inst->operators.items[i], &sid, err);
        if (!status)
            status = add(acl, entry, &sid, err);
    }
    return status;
}

static enum sbx_status add_entry(struct sbx_acl *acl, const struct entry *entry,
    const struct sbx_installation *inst, struct sbx_error *err)
{
    struct sbx_sid group;
    enum sbx_status status = SBX_OK;

    switch (entry->who) {
    case FOR_SYSTEM:
        return add(acl, entry, &sbx_sid_system, err);
    case FOR_ADMINS:
        return add(acl, entry, &sbx_sid_administrators, err);
    case FOR_USERS:
        return add(acl, entry, &sbx_sid_users, err);
    case FOR_GROUP:
        if (!inst)
            return SBX_OK;
        status = sbx_sid_parse(inst->group_sid, &group, err);
        return status ? status : add(acl, entry, &group, err);
    default:
        return inst ? add_operators(acl, entry, inst, err) : SBX_OK;
    }
}

enum sbx_status sbx_setup_descriptor(enum sbx_setup_folder folder,
    const struct sbx_installation *inst, struct sbx_descriptor *ret_descriptor,
    struct sbx_error *err)
{
    const struct table *table = &tables[folder];
    struct sbx_descriptor descriptor;
    enum sbx_status status = SBX_OK;
    size_t i;

    if (inst && !inst->group_sid)
        inst = NULL;
    memset(&descriptor, 0, sizeof(descriptor));
    descriptor.control = SBX_SD_DACL_PROTECTED;
    descriptor.has_owner = true;
    descriptor.owner = sbx_sid_administrators;
    descriptor.dacl.kind = SBX_ACL_LIST;
    for (i = 0; !status && i < table->count; i++)
        status = add_entry(&descriptor.dacl, &table->entries[i], inst, err);
    if (status)
        sbx_descriptor_done(&descriptor);
    else
        *ret_descriptor = descriptor;
    return status;
}

bool sbx_setup_owner_is_machine(const struct sbx_descriptor *descriptor)
{
    return descriptor->has_owner &&
           (sbx_sid_equal(&descriptor->owner, &sbx_sid_system) ||
               sbx_sid_equal(&descriptor->owner, &sbx_sid_administrators) ||
               sbx_sid_equal(&descriptor->owner, &sbx_sid_trusted_installer));
}

bool sbx_setup_same_dacl(const struct sbx_descriptor *a, const struct sbx_descriptor *b)
{
    return (a->control & SBX_SD_DACL_PROTECTED) == (b->control & SBX_SD_DACL_PROTECTED) &&
           sbx_acl_same_aces(&a->dacl, &b->dacl);
}
