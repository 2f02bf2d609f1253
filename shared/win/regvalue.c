/* See regvalue.h. */
#include "regvalue.h"
#include "wstr.h"
#include "../core/buf.h"

#define VIEW KEY_WOW64_64KEY

static enum sbx_status open_key(
    const char *key, REGSAM access, HKEY *ret_key, struct sbx_error *err)
{
    wchar_t *key_w = NULL;
    LSTATUS code;
    enum sbx_status status = sbx_wstr_from_utf8(key, &key_w, err);

    *ret_key = NULL;
    if (status)
        return status;
    code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, key_w, 0, access | VIEW, ret_key);
    free(key_w);
    return code ? sbx_fail_win32(err, (uint32_t)code, "open key 'HKLM\\%s'", key) : SBX_OK;
}

/* The terminator may be stored or not. */
enum sbx_status sbx_regvalue_get_path(
    const char *key, const char *name, char **ret_text, struct sbx_error *err)
{
    wchar_t text_w[MAX_PATH + 2] = {0};
    DWORD type = 0, size_bytes = (MAX_PATH + 1) * sizeof(*text_w);
    wchar_t *name_w = NULL;
    HKEY handle = NULL;
    LSTATUS code;
    enum sbx_status status = open_key(key, KEY_READ, &handle, err);

    if (!status)
        status = sbx_wstr_from_utf8(name, &name_w, err);
    if (!status) {
        code = RegQueryValueExW(handle, name_w, NULL, &type, (BYTE *)text_w, &size_bytes);
        if (code == ERROR_MORE_DATA ||
            (!code && ((type != REG_SZ && type != REG_EXPAND_SZ) || !text_w[0])))
            status = sbx_fail(err, SBX_INVALID, "registry value '%s' is no path", name);
        else if (code)
            status = sbx_fail_win32(err, (uint32_t)code, "read registry value '%s'", name);
        else
            status = sbx_wstr_to_utf8(text_w, ret_text, err);
    }
    free(name_w);
    if (handle)
        RegCloseKey(handle);
    return status;
}

enum sbx_status sbx_regvalue_key_exists(const char *key, bool *ret_exists, struct sbx_error *err)
{
    HKEY handle = NULL;
    enum sbx_status status = open_key(key, KEY_READ, &handle, err);

    if (status && status != SBX_NOT_FOUND)
        return status;
    *ret_exists = !status;
    if (handle)
        RegCloseKey(handle);
    return SBX_OK;
}

/* A DWORD value of an open key. */
static enum sbx_status query(
    HKEY handle, const char *name, bool *ret_exists, uint32_t *ret_value, struct sbx_error *err)
{
    DWORD type = 0, value = 0, size_bytes = sizeof(value);
    wchar_t *name_w = NULL;
    LSTATUS code;
    enum sbx_status status = sbx_wstr_from_utf8(name, &name_w, err);

    if (status)
        return status;
    code = RegQueryValueExW(handle, name_w, NULL, &type, (BYTE *)&value, &size_bytes);
    free(name_w);
    if (code == ERROR_FILE_NOT_FOUND) {
        *ret_exists = false;
        return SBX_OK;
    }
    if (code == ERROR_MORE_DATA || (!code && (type != REG_DWORD || size_bytes != sizeof(value))))
        return sbx_fail(err, SBX_INVALID, "registry value '%s' is no DWORD", name);
    if (code)
        return sbx_fail_win32(err, (uint32_t)code, "read registry value '%s'", name);
    *ret_exists = true;
    *ret_value = value;
    return SBX_OK;
}

enum sbx_status sbx_regvalue_get(
    const char *key, const char *name, bool *ret_exists, uint32_t *ret_value, struct sbx_error *err)
{
    HKEY handle = NULL;
    enum sbx_status status = open_key(key, KEY_READ, &handle, err);

    if (status == SBX_NOT_FOUND) {
        *ret_exists = false;
        return SBX_OK;
    }
    if (!status)
        status = query(handle, name, ret_exists, ret_value, err);
    if (handle)
        RegCloseKey(handle);
    return status;
}

static enum sbx_status store(const char *key, const char *name, DWORD type, const void *bytes,
    size_t size_bytes, HKEY *ret_handle, struct sbx_error *err)
{
    wchar_t *name_w = NULL;
    wchar_t *key_w = NULL;
    LSTATUS code;
    enum sbx_status status = sbx_wstr_from_utf8(key, &key_w, err);

    if (!status)
        status = sbx_wstr_from_utf8(name, &name_w, err);
    if (!status) {
        code = RegCreateKeyExW(HKEY_LOCAL_MACHINE, key_w, 0, NULL, REG_OPTION_NON_VOLATILE,
            KEY_READ | KEY_WRITE | VIEW, NULL, ret_handle, NULL);
        if (!code)
            code = RegSetValueExW(*ret_handle, name_w, 0, type, bytes, (DWORD)size_bytes);
        if (code)
            status = sbx_fail_win32(err, (uint32_t)code, "set 'HKLM\\%s', value '%s'", key, name);
    }
    free(name_w);
    free(key_w);
    return status;
}

enum sbx_status sbx_regvalue_set(
    const char *key, const char *name, uint32_t value, struct sbx_error *err)
{
    const DWORD number = value;
    uint32_t seen = 0;
    bool exists = false;
    HKEY handle = NULL;
    enum sbx_status status = store(key, name, REG_DWORD, &number, sizeof(number), &handle, err);

    if (!status)
        status = query(handle, name, &exists, &seen, err);
    if (!status && (!exists || seen != value))
        status = sbx_fail(err, SBX_UNPROVEN, "registry value '%s' did not keep what was set", name);
    if (handle)
        RegCloseKey(handle);
    return status;
}

enum sbx_status sbx_regvalue_set_path(
    const char *key, const char *name, const char *text, struct sbx_error *err)
{
    wchar_t *text_w = NULL;
    char *seen = NULL;
    HKEY handle = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(text, &text_w, err);

    if (!status)
        status =
            store(key, name, REG_SZ, text_w, (wcslen(text_w) + 1) * sizeof(*text_w), &handle, err);
    if (!status)
        status = sbx_regvalue_get_path(key, name, &seen, err);
    if (!status && strcmp(seen, text) != 0)
        status = sbx_fail(err, SBX_UNPROVEN, "registry value '%s' did not keep what was set", name);
    if (handle)
        RegCloseKey(handle);
    free(seen);
    free(text_w);
    return status;
}

enum sbx_status sbx_regvalue_delete(const char *key, const char *name, struct sbx_error *err)
{
    HKEY handle = NULL;
    wchar_t *name_w = NULL;
    LSTATUS code = 0;
    enum sbx_status status = open_key(key, KEY_SET_VALUE, &handle, err);

    if (status)
        return status == SBX_NOT_FOUND ? SBX_OK : status;
    status = sbx_wstr_from_utf8(name, &name_w, err);
    if (!status)
        code = RegDeleteValueW(handle, name_w);
    if (code && code != ERROR_FILE_NOT_FOUND)
        status = sbx_fail_win32(err, (uint32_t)code, "delete 'HKLM\\%s', value '%s'", key, name);
    RegCloseKey(handle);
    free(name_w);
    return status;
}

/* RegDeleteKeyW cannot name the view; RegDeleteTreeW with no subkey deletes a handle's content, so
 * the key goes through a handle of its parent, which carries the view. */
static enum sbx_status delete_empty(const char *key, struct sbx_error *err)
{
    const char *leaf = strrchr(key, '\\');
    char *parent = NULL;
    HKEY handle = NULL;
    wchar_t *leaf_w = NULL;
    LSTATUS code;
    enum sbx_status status = sbx_strdup(key, &parent, err);

    if (!status && !leaf)
        status = sbx_fail(err, SBX_INTERNAL, "a key without a parent");
    if (!status) {
        parent[leaf - key] = '\0';
        status = sbx_wstr_from_utf8(leaf + 1, &leaf_w, err);
    }
    if (!status)
        status = open_key(parent, KEY_READ | KEY_WRITE, &handle, err);
    if (!status) {
        code = RegDeleteKeyW(handle, leaf_w);
        if (code && code != ERROR_FILE_NOT_FOUND)
            status = sbx_fail_win32(err, (uint32_t)code, "delete key 'HKLM\\%s'", key);
    }
    if (handle)
        RegCloseKey(handle);
    free(leaf_w);
    free(parent);
    return status;
}

enum sbx_status sbx_regvalue_key_count(
    const char *key, uint32_t *ret_keys, uint32_t *ret_values, struct sbx_error *err)
{
    DWORD keys = 0, values = 0;
    HKEY handle = NULL;
    LSTATUS code;
    enum sbx_status status = open_key(key, KEY_READ, &handle, err);

    if (status)
        return status;
    code = RegQueryInfoKeyW(
        handle, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
    RegCloseKey(handle);
    if (code)
        return sbx_fail_win32(err, (uint32_t)code, "look into key 'HKLM\\%s'", key);
    *ret_keys = keys;
    *ret_values = values;
    return SBX_OK;
}

enum sbx_status sbx_regvalue_prune(const char *key, bool *ret_deleted, struct sbx_error *err)
{
    uint32_t keys = 1, values = 1;
    enum sbx_status status = sbx_regvalue_key_count(key, &keys, &values, err);

    *ret_deleted = false;
    if (status)
        return status == SBX_NOT_FOUND ? SBX_OK : status;
    if (keys || values)
        return SBX_OK;
    status = delete_empty(key, err);
    *ret_deleted = !status;
    return status;
}
