/* See verify.h: looking at a fixture, and removing it. */
#include "verify.h"
#include "verifyparts.h"

#include "revoke.h"
#include "shared/core/sha256.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"
#include "shared/win/wstr.h"

#include <stdio.h>
#include <wchar.h>

#define REMOVE_TRIES 20u
#define REMOVE_WAIT_MS 100u

/*
 * Removes everything in a folder of ours, links themselves and never their targets; or its links
 * only, which go first: Wine does not see one whose target is gone.
 */
static size_t remove_tree(const wchar_t *path_w, bool only_links)
{
    WIN32_FIND_DATAW found;
    wchar_t child[SBX_VERIFY_PATH_MAX];
    size_t left = 0;
    HANDLE search;

    swprintf(child, countof(child), L"%ls\\*", path_w);
    search = FindFirstFileW(child, &found);
    if (search == INVALID_HANDLE_VALUE)
        return only_links || RemoveDirectoryW(path_w) ? 0 : 1;
    do {
        const bool directory = found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY;

        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
            continue;
        swprintf(child, countof(child), L"%ls\\%ls", path_w, found.cFileName);
        if (directory && !(found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
            left += remove_tree(child, only_links);
        else if (directory)
            left += !RemoveDirectoryW(child);
        else if (!only_links)
            left += !DeleteFileW(child);
    } while (FindNextFileW(search, &found));
    FindClose(search);
    return left + (!only_links && !RemoveDirectoryW(path_w));
}

static size_t remove_folder(const char *path)
{
    wchar_t *path_w = NULL;
    size_t left = 1;

    if (path && !sbx_wstr_from_utf8(path, &path_w, NULL)) {
        left = 0;
        if (GetFileAttributesW(path_w) != INVALID_FILE_ATTRIBUTES) {
            (void)remove_tree(path_w, true); /* what stays is counted now */
            left = remove_tree(path_w, false);
        }
    }
    free(path_w);
    return path ? left : 0;
}

enum sbx_status sbx_verify_restore(struct sbx_verify_fixture *fixture, struct sbx_error *err)
{
    size_t left = remove_folder(fixture->base);

    if (left)
        return sbx_fail(err, SBX_DENIED, "'%s' cannot be made again: %zu entries stay, error %lu",
            fixture->base, left, GetLastError());
    return sbx_verify_make_parts(fixture, err);
}

static void revoke_one(const char *path, const struct sbx_grant_options *options)
{
    struct sbx_grant_report report;

    /* Nothing was granted there, or it is gone with the folder in a moment. */
    if (!sbx_revoke(path, options, &report, NULL))
        sbx_grant_report_done(&report);
}

void sbx_verify_revoke_path(const char *path)
{
    struct sbx_grant_options options = {0};
    char state[SBX_VERIFY_PATH_MAX + 32];
    char *local = NULL;

    if (sbx_known_folder(SBX_KNOWN_LOCAL, &local, NULL))
        return;
    snprintf(state, sizeof(state), "%s\\AgentSandbox", local);
    options.state_directory = state;
    revoke_one(path, &options);
    free(local);
}

/*
 * By path: the whole folder is ours, so nobody else's grant can be among it. The folders above the
 * roots have the account's right to pass, in elevated mode.
 */
void sbx_verify_revoke(const struct sbx_verify_run *run)
{
    size_t i;

    for (i = 0; i < run->inside.count; i++) {
        const char *name = run->inside.values[2 * i];

        if (strcmp(name, "ws") == 0 || strcmp(name, "extra") == 0)
            sbx_verify_revoke_path(run->inside.values[2 * i + 1]);
    }
    sbx_verify_revoke_path(run->inside.base);
    sbx_verify_revoke_path(run->folder);
}

/* What the twin of F33 makes. */
static void remove_state_canary(void)
{
    char *local = NULL, path[SBX_VERIFY_PATH_MAX];

    if (sbx_known_folder(SBX_KNOWN_LOCAL, &local, NULL))
        return;
    snprintf(path, sizeof(path), "%s\\AgentSandbox\\agent-verify", local);
    (void)remove_folder(path);
    free(local);
}

void sbx_verify_clean(struct sbx_verify_run *run, size_t *ret_left)
{
    size_t i;

    if (!run->shares_targets)
        sbx_verify_close_targets(&run->targets);
    if (run->inside.base)
        sbx_verify_revoke(run);
    if (!run->shares_targets)
        remove_state_canary();
    /* Whoever ended last may hold its working directory for a moment. */
    for (i = 0, *ret_left = 1; *ret_left && i < REMOVE_TRIES; i++) {
        if (i)
            Sleep(REMOVE_WAIT_MS);
        *ret_left = remove_folder(run->folder);
    }
    free(run->inside.base);
    free(run->outside.base);
    free(run->folder);
    run->inside.base = run->outside.base = run->folder = NULL;
}

struct looking {
    struct sbx_sha256 *hash;
    const wchar_t *skip_w; /* the attack's own folder, relative */
};

static void look(struct looking *looking, const wchar_t *path_w, const wchar_t *relative_w)
{
    WIN32_FIND_DATAW found;
    wchar_t child[SBX_VERIFY_PATH_MAX], name[SBX_VERIFY_PATH_MAX];
    unsigned char content[256];
    HANDLE search, file;
    DWORD length;

    swprintf(child, countof(child), L"%ls\\*", path_w);
    search = FindFirstFileW(child, &found);
    if (search == INVALID_HANDLE_VALUE)
        return;
    do {
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
            continue;
        swprintf(name, countof(name), L"%ls\\%ls", relative_w, found.cFileName);
        if (wcscmp(name, looking->skip_w) == 0)
            continue;
        swprintf(child, countof(child), L"%ls\\%ls", path_w, found.cFileName);
        sbx_sha256_add(looking->hash, name, wcslen(name) * sizeof(wchar_t));
        if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) {
            if (!(found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
                look(looking, child, name);
            continue;
        }
        file = CreateFileW(child, GENERIC_READ, 7, NULL, OPEN_EXISTING, 0, NULL);
        length = 0;
        if (file != INVALID_HANDLE_VALUE && ReadFile(file, content, sizeof(content), &length, NULL))
            sbx_sha256_add(looking->hash, content, length);
        sbx_handle_close(&file);
        sbx_sha256_add(looking->hash, &found.nFileSizeLow, sizeof(found.nFileSizeLow));
    } while (FindNextFileW(search, &found));
    FindClose(search);
}

enum sbx_status sbx_verify_snapshot(
    const struct sbx_verify_fixture *fixture, char ret_hash[65], struct sbx_error *err)
{
    struct sbx_sha256 hash;
    struct looking looking = {&hash, L"\\ws\\free"};
    wchar_t *base_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(fixture->base, &base_w, err);
    uint8_t digest[SBX_SHA256_BYTES];

    if (status)
        return status;
    sbx_sha256_init(&hash);
    look(&looking, base_w, L"");
    sbx_sha256_end(&hash, digest);
    sbx_sha256_hex(digest, ret_hash);
    free(base_w);
    return SBX_OK;
}
