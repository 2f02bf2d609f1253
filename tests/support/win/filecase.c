/* See filecase.h. */
#include "filecase.h"

#include "shared/win/handle.h"
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"

static struct sbx_error err;
HANDLE file_root;

void file_case_setup(void)
{
    struct sbx_file_how how = {
        .kind = SBX_FILE_DIRECTORY, .access = FILE_LIST_DIRECTORY | FILE_ADD_FILE | FILE_TRAVERSE};

    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_file_open(scratch_begin(), &how, &file_root, &err), &err);
    scratch_mkdir("dir");
    scratch_mkdir("dir\\sub");
    scratch_write("dir\\file", "content");
}

void file_case_teardown(void)
{
    sbx_handle_close(&file_root);
    scratch_end();
}

HANDLE file_open_at(const char *relative, const struct sbx_file_how *how)
{
    HANDLE handle = NULL;

    ck_assert_sbx_ok(sbx_file_open_at(file_root, relative, how, &handle, &err), &err);
    return handle;
}

void file_ck_content(const char *name, const char *wanted)
{
    struct sbx_buf bytes;

    sbx_buf_init(&bytes, 100);
    ck_assert_sbx_ok(sbx_file_read_named(scratch_path(name), &bytes, &err), &err);
    ck_assert_str_eq(bytes.length_bytes ? bytes.data : "", wanted);
    sbx_buf_done(&bytes);
}
