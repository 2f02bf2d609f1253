/* See preflight.h. */
#include "preflight.h"

#include <stdio.h>

#include "follow.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/late.h"
#include "shared/win/regvalue.h"
#include "shared/win/token.h"
#include "shared/win/volume.h"
#include "shared/win/wow64.h"
#include "shared/win/wstr.h"

#include <lmcons.h>

#include <lmaccess.h>

#define SECLOGON_KEY "SYSTEM\\CurrentControlSet\\Services\\seclogon"
#define UAC_KEY "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System"
#define START_DISABLED 4u /* SERVICE_DISABLED */

static enum sbx_known known(bool yes)
{
    return yes ? SBX_KNOWN_YES : SBX_KNOWN_NO;
}

static void ask_product(struct sbx_preflight_facts *ret)
{
    sbx_late_fn_rtl_get_version get = sbx_late_rtl_get_version();
    union {
        OSVERSIONINFOW plain;
        OSVERSIONINFOEXW full;
    } version;

    memset(&version, 0, sizeof(version));
    version.full.dwOSVersionInfoSize = sizeof(version.full);
    if (get && get(&version.plain) >= 0)
        ret->is_domain_controller = known(version.full.wProductType == VER_NT_DOMAIN_CONTROLLER);
}

static void ask_build(struct sbx_preflight_facts *ret)
{
    bool wow64 = false;

    if (!sbx_wow64_of(GetCurrentProcess(), &wow64, NULL))
        ret->is_wow64 = known(wow64);
}

static void ask_seclogon(struct sbx_preflight_facts *ret)
{
    bool exists = false, has_start = false;
    uint32_t start = 0;

    if (!sbx_regvalue_key_exists(SECLOGON_KEY, &exists, NULL))
        ret->seclogon_exists = known(exists);
    if (exists && !sbx_regvalue_get(SECLOGON_KEY, "Start", &has_start, &start, NULL) && has_start)
        ret->seclogon_disabled = known(start == START_DISABLED);
}

/* Absent values mean the defaults of Windows: UAC on, users are asked for credentials. */
static void ask_uac(struct sbx_preflight_facts *ret)
{
    bool exists = false;
    uint32_t value = 0;

    if (!sbx_regvalue_get(UAC_KEY, "EnableLUA", &exists, &value, NULL))
        ret->uac_enabled = known(!exists || value != 0);
    if (!sbx_regvalue_get(UAC_KEY, "ConsentPromptBehaviorUser", &exists, &value, NULL))
        ret->prompts_for_users = known(!exists || value != 0);
}

static void ask_token(struct sbx_preflight_facts *ret)
{
    uint32_t elevated = 0, type = 0;
    bool restricted = false;
    HANDLE token = NULL;

    if (sbx_token_open_self(TOKEN_QUERY, &token, NULL))
        return;
    if (!sbx_token_is_restricted(token, &restricted, NULL))
        ret->is_restricted = known(restricted);
    if (!sbx_token_number(token, TokenElevation, &elevated, NULL) &&
        !sbx_token_number(token, TokenElevationType, &type, NULL))
        ret->elevation = elevated                            ? SBX_ELEVATION_FULL
                         : type == TokenElevationTypeLimited ? SBX_ELEVATION_LIMITED
                                                             : SBX_ELEVATION_USER;
    sbx_handle_close(&token);
}

/* A service or a remote shell has a window station that nobody sees. */
static void ask_station(struct sbx_preflight_facts *ret)
{
    sbx_late_fn_get_process_window_station station = sbx_late_get_process_window_station();
    sbx_late_fn_get_user_object_information information = sbx_late_get_user_object_information();
    USEROBJECTFLAGS flags = {0};
    HWINSTA own = station ? station() : NULL;
    DWORD used = 0;

    if (own && information && information(own, UOI_FLAGS, &flags, sizeof(flags), &used))
        ret->is_interactive = known((flags.dwFlags & WSF_VISIBLE) != 0);
}

static void ask_passwords(struct sbx_preflight_facts *ret)
{
    sbx_late_fn_net_user_modals_get get = sbx_late_net_user_modals_get();
    sbx_late_fn_net_api_buffer_free release = sbx_late_net_api_buffer_free();
    LPBYTE buffer = NULL;

    if (!get || !release || get(NULL, 0, &buffer) != 0 || !buffer)
        return;
    ret->password_min_length = ((const USER_MODALS_INFO_0 *)(void *)buffer)->usrmod0_min_passwd_len;
    release(buffer);
}

/* The stream that browsers and archivers add. Whatever cannot be read is unknown. */
static void ask_download(const struct sbx_facts *facts, struct sbx_preflight_facts *ret)
{
    char text[512];
    struct sbx_buf path;
    wchar_t *path_w = NULL;
    HANDLE file = INVALID_HANDLE_VALUE;
    DWORD read_bytes = 0;

    sbx_buf_init(&path, (size_t)SBX_WINPATH_MAX_CCH * 4u);
    if (facts->own_directory &&
        !sbx_buf_printf(
            &path, NULL, "%s\\sandbox-setup.exe:Zone.Identifier", facts->own_directory) &&
        !sbx_wstr_from_utf8(path.data, &path_w, NULL)) {
        file = CreateFileW(path_w, FILE_READ_DATA,
            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
        if (file == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND)
            ret->is_download = SBX_KNOWN_NO;
    }
    if (file != INVALID_HANDLE_VALUE) {
        if (ReadFile(file, text, sizeof(text), &read_bytes, NULL))
            ret->is_download = known(sbx_preflight_is_download(text, read_bytes));
        CloseHandle(file);
    }
    free(path_w);
    sbx_buf_done(&path);
}

static void ask_volume(const char *what, const char *path, struct sbx_preflight_facts *ret)
{
    struct sbx_preflight_volume *item = &ret->volumes[ret->volume_count];
    struct sbx_volume volume;
    HANDLE handle = NULL;

    if (!path || ret->volume_count >= countof(ret->volumes))
        return;
    memset(item, 0, sizeof(*item));
    item->what = what;
    ret->volume_count++;
    if (!sbx_follow_open(path, 0, &handle, NULL, NULL) &&
        !sbx_volume_of_handle(handle, &volume, NULL)) {
        item->has_acls = known(volume.persistent_acls);
        snprintf(item->filesystem, sizeof(item->filesystem), "%s", volume.filesystem);
    }
    sbx_handle_close(&handle);
}

void sbx_preflight_gather(const struct sbx_facts *facts, struct sbx_preflight_facts *ret_facts)
{
    memset(ret_facts, 0, sizeof(*ret_facts));
    ret_facts->in_sandbox_group = facts->group_sid ? known(facts->in_sandbox_group) : SBX_UNKNOWN;
    ask_product(ret_facts);
    ask_build(ret_facts);
    ask_seclogon(ret_facts);
    ask_uac(ret_facts);
    ask_token(ret_facts);
    ask_station(ret_facts);
    ask_passwords(ret_facts);
    ask_download(facts, ret_facts);
    ask_volume("Program Files", facts->program_files, ret_facts);
    ask_volume("ProgramData", facts->program_data, ret_facts);
    ask_volume("the profile", facts->local_app_data, ret_facts);
}
