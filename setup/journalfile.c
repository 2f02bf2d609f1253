/* See journalfile.h. */
#include "journalfile.h"

#include <stdio.h>

#include "place.h"
#include "shared/win/acl.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"

#define COMPACT_BYTES (256u * 1024u)

static const struct sbx_file_how how_write = {.kind = SBX_FILE_PLAIN,
    .access = FILE_READ_DATA | FILE_WRITE_DATA | READ_CONTROL | DELETE,
    .share = FILE_SHARE_READ};
static const struct sbx_file_how how_read = {
    .kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA | READ_CONTROL};

/* A file that somebody else made says nothing about what is ours. */
static enum sbx_status check_file(HANDLE file, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    struct sbx_file_facts facts = {0};
    enum sbx_status status = sbx_file_get_facts(file, &facts, err);

    if (!status)
        status = sbx_acl_get(file, NULL, &descriptor, err);
    if (!status && (facts.links > 1 || !sbx_setup_owner_is_machine(&descriptor)))
        status = sbx_fail(err, SBX_DENIED, "the journal is a link or belongs to somebody else");
    sbx_descriptor_done(&descriptor);
    return status;
}

static enum sbx_status explain_lock(enum sbx_status status, struct sbx_error *err)
{
    if (err->code == ERROR_SHARING_VIOLATION || err->code == 0xC0000043u)
        sbx_error_hint(err, "another set-up is at work: wait until it is done");
    return status;
}

/* Everything behind good_bytes was never confirmed: the next line overwrites it. */
static enum sbx_status cut(HANDLE file, uint64_t length_bytes, struct sbx_error *err)
{
    LARGE_INTEGER at;

    at.QuadPart = (LONGLONG)length_bytes;
    if (!SetFilePointerEx(file, at, NULL, FILE_BEGIN) || !SetEndOfFile(file))
        return sbx_fail_win32(err, GetLastError(), "cut the journal");
    return SBX_OK;
}

/* Damage that is no torn line: the file is kept for a person to look at. */
static enum sbx_status keep_damaged(struct sbx_setup *setup, HANDLE folder,
    const struct sbx_buf *bytes, const char *why, struct sbx_error *err)
{
    sbx_setup_note(setup, "the journal is damaged (%s): kept as " SBX_JOURNAL_NAME ".damaged", why);
    return sbx_file_replace_at(
        folder, SBX_JOURNAL_NAME ".damaged", bytes->data, bytes->length_bytes, NULL, err);
}

static enum sbx_status write_bytes(
    HANDLE file, uint64_t at, const struct sbx_buf *bytes, struct sbx_error *err)
{
    enum sbx_status status = cut(file, at, err);

    if (!status)
        status = sbx_file_write_all(file, bytes->data, bytes->length_bytes, err);
    if (!status && !FlushFileBuffers(file))
        status = sbx_fail_win32(err, GetLastError(), "flush the journal");
    return status;
}

/* Replaced as a whole, so that a power loss leaves the long one; then opened again. */
static enum sbx_status compact(struct sbx_setup *setup, HANDLE folder, struct sbx_error *err)
{
    struct sbx_setup_journal *journal = setup->journal;
    struct sbx_buf text;
    enum sbx_status status;

    sbx_buf_init(&text, SBX_JOURNAL_MAX_BYTES);
    status = sbx_journal_compact(&journal->records, &text, err);
    sbx_handle_close(&journal->file);
    if (!status)
        status =
            sbx_file_replace_at(folder, SBX_JOURNAL_NAME, text.data, text.length_bytes, NULL, err);
    if (!status)
        status = sbx_file_open_at(folder, SBX_JOURNAL_NAME, &how_write, &journal->file, err);
    if (!status) {
        sbx_journal_records_done(&journal->records);
        status = sbx_journal_read(text.data, text.length_bytes, &journal->records, err);
    }
    journal->good_bytes = journal->records.good_bytes;
    journal->next = journal->records.count + 1;
    sbx_buf_done(&text);
    return status;
}

static enum sbx_status read_file(
    struct sbx_setup *setup, HANDLE folder, bool write, struct sbx_error *err)
{
    struct sbx_setup_journal *journal = setup->journal;
    struct sbx_buf bytes;
    HANDLE file = NULL;
    enum sbx_status status;

    sbx_buf_init(&bytes, SBX_JOURNAL_MAX_BYTES);
    status = sbx_file_open_at(folder, SBX_JOURNAL_NAME, write ? &how_write : &how_read, &file, err);
    if (status == SBX_NOT_FOUND) {
        sbx_buf_done(&bytes);
        return SBX_OK;
    }
    if (status)
        status = explain_lock(status, err);
    if (!status)
        status = check_file(file, err);
    if (!status)
        status = sbx_file_read_all(file, &bytes, err);
    if (!status)
        status = sbx_journal_read(bytes.data, bytes.length_bytes, &journal->records, err);
    if (!status && write && journal->records.damaged && !journal->records.torn)
        status = keep_damaged(setup, folder, &bytes, journal->records.why, err);
    journal->good_bytes = journal->records.good_bytes;
    journal->next = journal->records.count + 1;
    if (status || !write)
        sbx_handle_close(&file);
    journal->file = file;
    if (!status && write && journal->good_bytes > COMPACT_BYTES)
        status = compact(setup, folder, err);
    sbx_buf_done(&bytes);
    return status;
}

enum sbx_status sbx_setup_journal_open(struct sbx_setup *setup, bool write, struct sbx_error *err)
{
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    HANDLE folder = NULL;
    enum sbx_status status = sbx_calloc(1, sizeof(*setup->journal), &setup->journal, err);

    if (status)
        return status;
    setup->journal->next = 1;
    status = sbx_place_look(setup, SBX_FOLDER_PROGRAM, &state, NULL, err);
    if (!status && state == SBX_PLACE_FOLDER) {
        status = sbx_place_open(setup, SBX_FOLDER_PROGRAM,
            FILE_LIST_DIRECTORY | (write ? FILE_ADD_FILE : 0), &folder, err);
        if (!status)
            status = read_file(setup, folder, write, err);
    }
    sbx_handle_close(&folder);
    if (status)
        sbx_error_context(err, "journal");
    return status;
}

/* The folder and the file: the only things that are made before a line says so. */
static enum sbx_status make_file(struct sbx_setup *setup, struct sbx_error *err)
{
    enum sbx_place_state state = SBX_PLACE_ABSENT;
    struct sbx_descriptor base = {0};
    HANDLE folder = NULL;
    enum sbx_status status = sbx_place_look(setup, SBX_FOLDER_PROGRAM, &state, NULL, err);

    if (!status && state != SBX_PLACE_FOLDER) {
        status = sbx_setup_descriptor(SBX_FOLDER_PROGRAM, NULL, &base, err);
        if (!status)
            status = sbx_place_make(setup, SBX_FOLDER_PROGRAM, &base, err);
    }
    if (!status)
        status = sbx_place_open(
            setup, SBX_FOLDER_PROGRAM, FILE_LIST_DIRECTORY | FILE_ADD_FILE, &folder, err);
    if (!status) {
        status = sbx_file_create_at(
            folder, SBX_JOURNAL_NAME, &how_write, NULL, &setup->journal->file, err);
        if (status == SBX_EXISTS)
            sbx_error_hint(err, "another set-up is at work: wait until it is done");
    }
    sbx_handle_close(&folder);
    sbx_descriptor_done(&base);
    return status;
}

enum sbx_status sbx_setup_journal_line(void *context, enum sbx_journal_kind kind, const char *step,
    const char *object, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct sbx_setup_journal *journal = setup->journal;
    struct sbx_buf line;
    enum sbx_status status = SBX_OK;

    sbx_buf_init(&line, SBX_JOURNAL_LINE_MAX);
    if (!journal->file)
        status = make_file(setup, err);
    if (!status)
        status = sbx_journal_format(journal->next, kind, step, object, &line, err);
    if (!status)
        status = write_bytes(journal->file, journal->good_bytes, &line, err);
    if (!status) {
        journal->good_bytes += line.length_bytes;
        journal->next++;
        status = sbx_journal_add(&journal->records, kind, step, object, err);
    }
    sbx_buf_done(&line);
    return status;
}

enum sbx_status sbx_setup_journal_remove(
    struct sbx_setup *setup, bool *ret_folder_left, struct sbx_error *err)
{
    struct sbx_setup_journal *journal = setup->journal;
    HANDLE folder = NULL;
    HANDLE damaged = NULL;
    bool removed = true;
    enum sbx_status status = SBX_OK;

    if (journal->file) {
        status = sbx_file_delete(journal->file, err);
        sbx_handle_close(&journal->file);
    }
    if (!status && !sbx_place_open(setup, SBX_FOLDER_PROGRAM, FILE_LIST_DIRECTORY, &folder, err)) {
        const struct sbx_file_how how = {.kind = SBX_FILE_PLAIN, .access = DELETE};

        if (!sbx_file_open_at(folder, SBX_JOURNAL_NAME ".damaged", &how, &damaged, err))
            status = sbx_file_delete(damaged, err);
        sbx_handle_close(&damaged);
        sbx_handle_close(&folder);
        if (!status)
            status = sbx_place_remove_empty(setup, SBX_FOLDER_PROGRAM, &removed, err);
    }
    *ret_folder_left = !removed;
    return status;
}

void sbx_setup_journal_close(struct sbx_setup *setup)
{
    if (!setup->journal)
        return;
    sbx_handle_close(&setup->journal->file);
    sbx_journal_records_done(&setup->journal->records);
    free(setup->journal);
    setup->journal = NULL;
}
