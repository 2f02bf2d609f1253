/*
 * command-runner.exe, sandbox-setup.exe and sandbox-events.dll (texts, see eventsource.h), copied
 * to Program Files from the folder in which this program lies.
 *
 * MUSTs of this file:
 *  1. A source is opened once, without following links, shared for reading only: nobody writes or
 *     replaces it while it is read. What is hashed are the bytes in memory, and these very bytes
 *     are written, so nothing can be swapped between hash and copy.
 *  2. The source folder may be written by its user and by the machine only: a copy from a folder
 *     that others can write would run their program as this user later.
 *  3. The copy is read back from its place and hashed again.
 */
#include "place.h"

#include "shared/core/sha256.h"
#include "shared/core/winpath.h"
#include "shared/win/acl.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"

#define PROGRAM_MAX_BYTES (64u * 1024u * 1024u)

static const char *const names[] = {SBX_RUNNER_NAME, SBX_SETUP_NAME, SBX_EVENTS_NAME};

static bool from_installed_copy(const struct sbx_setup *setup)
{
    return sbx_winpath_equal(setup->source_folder, setup->program_folder);
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum sbx_status read_program(
    HANDLE folder, const char *name, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA, .share = FILE_SHARE_READ};
    HANDLE file = NULL;
    enum sbx_status status = sbx_file_open_at(folder, name, &how, &file, err);

    if (!status)
        status = sbx_file_read_all(file, ret_bytes, err);
    if (!status && ret_bytes->length_bytes < 1024)
        status = sbx_fail(err, SBX_INVALID, "'%s' is no program", name);
    sbx_handle_close(&file);
    return status;
}

static void hash(const struct sbx_buf *bytes, char ret_text[SBX_SHA256_HEX_SIZE])
{
    uint8_t digest[SBX_SHA256_BYTES];

    sbx_sha256(bytes->data, bytes->length_bytes, digest);
    sbx_sha256_hex(digest, ret_text);
}

/* @param ret_hash "" when there is none */
static enum sbx_status hash_installed(const struct sbx_setup *setup, const char *name,
    char ret_hash[SBX_SHA256_HEX_SIZE], struct sbx_error *err)
{
    struct sbx_buf bytes;
    HANDLE folder = NULL;
    enum sbx_status status = sbx_place_open(setup, SBX_FOLDER_PROGRAM, FILE_TRAVERSE, &folder, err);

    ret_hash[0] = '\0';
    sbx_buf_init(&bytes, PROGRAM_MAX_BYTES);
    if (!status)
        status = read_program(folder, name, &bytes, err);
    if (!status)
        hash(&bytes, ret_hash);
    if (status == SBX_NOT_FOUND || status == SBX_INVALID)
        status = SBX_OK; /* absent, or something that is no program of ours */
    sbx_buf_done(&bytes);
    sbx_handle_close(&folder);
    return status;
}

/* What anybody but user and machine could do here that changes a file or a name. */
#define WRITES                                                                                     \
    (SBX_FILE_WRITE_DATA | SBX_FILE_APPEND_DATA | SBX_FILE_DELETE_CHILD | SBX_DELETE |             \
        SBX_WRITE_DAC | SBX_WRITE_OWNER | SBX_GENERIC_WRITE | SBX_GENERIC_ALL)

/* Who started this program, for whom, and the machine. */
static bool is_trusted(const struct sbx_sid *sid, const struct sbx_sid users[2])
{
    return sbx_sid_equal(sid, &users[0]) || sbx_sid_equal(sid, &users[1]) ||
           sbx_sid_equal(sid, &sbx_sid_system) || sbx_sid_equal(sid, &sbx_sid_administrators) ||
           sbx_sid_equal(sid, &sbx_sid_trusted_installer);
}

static enum sbx_status check_source(
    HANDLE folder, const struct sbx_sid users[2], struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    char text[SBX_SID_TEXT_SIZE] = "everyone";
    enum sbx_status status = sbx_acl_get(folder, NULL, &descriptor, err);
    bool open = !status && descriptor.dacl.kind != SBX_ACL_LIST;
    size_t i;

    for (i = 0; !status && !open && i < descriptor.dacl.count; i++) {
        const struct sbx_ace *ace = &descriptor.dacl.aces[i];

        open = ace->type == SBX_ACE_ALLOW && !(ace->flags & SBX_ACE_IO) && (ace->mask & WRITES) &&
               !is_trusted(&ace->sid, users);
        if (open)
            sbx_sid_format(&ace->sid, text);
    }
    if (!status && open) {
        status = sbx_fail(
            err, SBX_DENIED, "the folder that set-up was started from may be written by %s", text);
        sbx_error_hint(err, "copy the programs into a folder of your own and start it there");
    }
    sbx_descriptor_done(&descriptor);
    return status;
}

static enum sbx_status open_source(
    const struct sbx_setup *setup, HANDLE *ret_folder, struct sbx_error *err)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_TRAVERSE | READ_CONTROL};
    struct sbx_sid users[2];
    HANDLE folder = NULL;
    enum sbx_status status = sbx_sid_of_current_user(&users[0], err);

    if (!status) {
        users[1] = setup->has_operator ? setup->operator_sid : users[0];
        status = sbx_file_open(setup->source_folder, &how, &folder, err);
    }
    if (!status)
        status = check_source(folder, users, err);
    if (status)
        sbx_handle_close(&folder);
    else
        *ret_folder = folder;
    return status;
}

/* --- the step --------------------------------------------------------------------------------- */

/* What the copies should hash to: the sources; from the installed copy, the record. */
static enum sbx_status wanted_hash(const struct sbx_setup *setup, HANDLE source, const char *name,
    char ret_hash[SBX_SHA256_HEX_SIZE], struct sbx_error *err)
{
    const struct sbx_installed_program *program = sbx_installation_program(&setup->found, name);
    struct sbx_buf bytes;
    enum sbx_status status;

    if (!source) {
        if (!program)
            return sbx_fail(err, SBX_NOT_FOUND, "the record has no hash of '%s'", name);
        memcpy(ret_hash, program->sha256, SBX_SHA256_HEX_SIZE);
        return SBX_OK;
    }
    sbx_buf_init(&bytes, PROGRAM_MAX_BYTES);
    status = read_program(source, name, &bytes, err);
    if (!status)
        hash(&bytes, ret_hash);
    sbx_buf_done(&bytes);
    return status;
}

static enum sbx_status examine_one(struct sbx_setup *setup, HANDLE source, const char *name,
    size_t *there, size_t *good, struct sbx_error *err)
{
    char installed[SBX_SHA256_HEX_SIZE] = "";
    char wanted[SBX_SHA256_HEX_SIZE] = "";
    enum sbx_status status;

    sbx_setup_at(setup, "program '%s'", name);
    status = hash_installed(setup, name, installed, err);
    if (!status)
        status = wanted_hash(setup, source, name, wanted, err);
    if (!status)
        status = sbx_installation_set_program(&setup->wanted, name, wanted, err);
    *there += installed[0] != '\0';
    *good += !status && strcmp(installed, wanted) == 0;
    return status;
}

/* On the way out the sources do not matter: only whether something lies there. */
static enum sbx_status examine_removal(
    struct sbx_setup *setup, size_t *there, struct sbx_error *err)
{
    char installed[SBX_SHA256_HEX_SIZE];
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(names); i++) {
        status = hash_installed(setup, names[i], installed, err);
        *there += installed[0] != '\0';
    }
    return status;
}

/* Status compares with the record, so that it says the same wherever it is started from. */
static bool is_removal(const struct sbx_setup *setup)
{
    return setup->request.mode == SBX_SETUP_UNINSTALL ||
           setup->request.mode == SBX_SETUP_VERIFY_UNINSTALLED ||
           (setup->request.mode == SBX_SETUP_STATUS && !setup->has_found);
}

static enum sbx_status programs_examine(
    void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    size_t there = 0;
    size_t good = 0;
    HANDLE source = NULL;
    enum sbx_status status = sbx_place_look(setup, SBX_FOLDER_PROGRAM, &state, NULL, err);
    size_t i;

    *ret = SBX_STEP_ABSENT;
    if (is_removal(setup)) {
        if (!status && state == SBX_PLACE_FOLDER)
            status = examine_removal(setup, &there, err);
        if (there)
            *ret = there == countof(names) ? SBX_STEP_PRESENT : SBX_STEP_DIFFERENT;
        return status;
    }
    if (!status && !from_installed_copy(setup) && setup->request.mode != SBX_SETUP_STATUS)
        status = open_source(setup, &source, err);
    for (i = 0; !status && state == SBX_PLACE_FOLDER && i < countof(names); i++)
        status = examine_one(setup, source, names[i], &there, &good, err);
    sbx_handle_close(&source);
    if (there)
        *ret = good == countof(names) ? SBX_STEP_PRESENT : SBX_STEP_DIFFERENT;
    return status;
}

static enum sbx_status copy_one(
    struct sbx_setup *setup, HANDLE source, HANDLE target, const char *name, struct sbx_error *err)
{
    char before[SBX_SHA256_HEX_SIZE];
    struct sbx_buf bytes;
    enum sbx_status status;

    sbx_buf_init(&bytes, PROGRAM_MAX_BYTES);
    status = sbx_setup_intend(setup, "programs", name, err);
    sbx_setup_at(setup, "program '%s'", name);
    if (!status)
        status = read_program(source, name, &bytes, err);
    if (!status) {
        hash(&bytes, before);
        status = sbx_installation_set_program(&setup->wanted, name, before, err);
    }
    if (!status)
        status = sbx_file_replace_at(target, name, bytes.data, bytes.length_bytes, NULL, err);
    sbx_buf_done(&bytes);
    return status;
}

static enum sbx_status programs_apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    HANDLE source = NULL;
    HANDLE target = NULL;
    enum sbx_status status = SBX_OK;
    size_t i;

    if (from_installed_copy(setup)) {
        status = sbx_fail(err, SBX_DENIED, "the installed programs are damaged");
        sbx_error_hint(err, "run repair from the folder that agent.exe lies in");
        return status;
    }
    status = open_source(setup, &source, err);
    if (!status)
        status =
            sbx_place_open(setup, SBX_FOLDER_PROGRAM, FILE_ADD_FILE | FILE_TRAVERSE, &target, err);
    for (i = 0; !status && i < countof(names); i++)
        status = copy_one(setup, source, target, names[i], err);
    sbx_handle_close(&source);
    sbx_handle_close(&target);
    return status;
}

static enum sbx_status programs_verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    char installed[SBX_SHA256_HEX_SIZE];
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(names); i++) {
        const struct sbx_installed_program *program =
            sbx_installation_program(&setup->wanted, names[i]);

        sbx_setup_at(setup, "program '%s'", names[i]);
        status = hash_installed(setup, names[i], installed, err);
        if (!status && (!program || strcmp(installed, program->sha256) != 0))
            status = sbx_fail(err, SBX_UNPROVEN, "'%s' does not hash to what was copied", names[i]);
    }
    return status;
}

static enum sbx_status delete_one(HANDLE folder, const char *name, struct sbx_error *err)
{
    const struct sbx_file_how how = {
        .kind = SBX_FILE_PLAIN, .access = DELETE | FILE_WRITE_ATTRIBUTES, .allow_reparse = true};
    HANDLE file = NULL;
    enum sbx_status status = sbx_file_open_at(folder, name, &how, &file, err);

    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    if (!status)
        status = sbx_file_delete_read_only(file, err);
    sbx_handle_close(&file);
    if (status)
        sbx_error_hint(err,
            "it may be in use: wait for running commands, close Event Viewer (which "
            "reads our texts), then try again");
    return status;
}

static enum sbx_status programs_undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    HANDLE folder = NULL;
    enum sbx_status status = sbx_place_look(setup, SBX_FOLDER_PROGRAM, &state, NULL, err);
    size_t i;

    if (status || state != SBX_PLACE_FOLDER)
        return status;
    status = sbx_place_open(setup, SBX_FOLDER_PROGRAM, FILE_TRAVERSE, &folder, err);
    for (i = 0; !status && i < countof(names); i++) {
        sbx_setup_at(setup, "program '%s'", names[i]);
        status = delete_one(folder, names[i], err);
    }
    sbx_handle_close(&folder);
    return status;
}

const struct sbx_step sbx_step_programs = {
    .name = "programs",
    .why_safe =
        "Three constant names from the folder of this very program, which nobody but its user and "
        "the machine may write; the bytes that were hashed are the bytes that are written, into a "
        "folder that only administrators write; the agent starts the runner only from there and "
        "only while it hashes to what the record says.",
    .examine = programs_examine,
    .apply = programs_apply,
    .verify = programs_verify,
    .undo = programs_undo,
};
