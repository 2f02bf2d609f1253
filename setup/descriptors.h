/*
 * The descriptors of the machine's folders (design 5), one literal table each in descriptors.c.
 *
 * Every one is PROTECTED (nothing of Program Files or ProgramData is inherited) and owned by
 * Administrators. `base` is what a folder is created with, before group and operators are known.
 */
#ifndef SBX_SETUP_DESCRIPTORS_H
#define SBX_SETUP_DESCRIPTORS_H

#include "context.h"
#include "shared/core/acldata.h"

enum sbx_setup_folder {
    SBX_FOLDER_PROGRAM = 0, /* %ProgramFiles%\AgentSandbox */
    SBX_FOLDER_SECRETS,     /* ...\secrets */
    SBX_FOLDER_DATA,        /* %ProgramData%\AgentSandbox */
    SBX_FOLDER_WORK,        /* ...\work */
    SBX_FOLDER_COUNT
};

/** Full path, borrowed from the context. */
const char *sbx_setup_folder_path(const struct sbx_setup *setup, enum sbx_setup_folder folder);

/**
 * Build a descriptor: owner Administrators, PROTECTED, the entries of the table.
 * @param inst whose group and operators are meant; NULL for the base form. Without a group SID the
 *        base form is built
 * @param ret_descriptor released with sbx_descriptor_done
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_descriptor(enum sbx_setup_folder folder,
    const struct sbx_installation *inst, struct sbx_descriptor *ret_descriptor,
    struct sbx_error *err);

/** Owned by SYSTEM, Administrators or TrustedInstaller: nobody else could have made it. */
bool sbx_setup_owner_is_machine(const struct sbx_descriptor *descriptor);

/** Same entries and same PROTECTED bit. */
bool sbx_setup_same_dacl(const struct sbx_descriptor *a, const struct sbx_descriptor *b);

#endif
