/*
 * Single values below HKEY_LOCAL_MACHINE, numbers and one kind of text, always in the 64-bit view:
 * a 32-bit setup must not write into the redirected copy that nobody reads.
 */
#ifndef SBX_REGVALUE_H
#define SBX_REGVALUE_H

#include "win.h"
#include "../core/error.h"

/**
 * @param ret_exists false without the key or the value; a value of another type is SBX_INVALID
 * @see https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-regqueryvalueexw
 */
SBX_MUST_CHECK enum sbx_status sbx_regvalue_get(const char *key, const char *name, bool *ret_exists,
    uint32_t *ret_value, struct sbx_error *err);

/**
 * A text (REG_SZ, or REG_EXPAND_SZ as it is stored) that is a path: not empty, at most MAX_PATH
 * characters. Nothing is expanded: what %NAME% stands for is the choice of whoever made this
 * process's environment.
 * @param ret_text owned by the caller (free())
 * @return SBX_NOT_FOUND without the key or the value; SBX_INVALID for another type or length
 */
SBX_MUST_CHECK enum sbx_status sbx_regvalue_get_path(
    const char *key, const char *name, char **ret_text, struct sbx_error *err);

/** Set a value, creating the last two components of the key if missing, and read it back.
 * @see https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-regsetvalueexw */
SBX_MUST_CHECK enum sbx_status sbx_regvalue_set(
    const char *key, const char *name, uint32_t value, struct sbx_error *err);

/**
 * Set a text (REG_SZ), creating the last component of the key if missing, and read it back.
 * @param text a path, as sbx_regvalue_get_path reads it
 */
SBX_MUST_CHECK enum sbx_status sbx_regvalue_set_path(
    const char *key, const char *name, const char *text, struct sbx_error *err);

/** Delete a value; absent is success. */
SBX_MUST_CHECK enum sbx_status sbx_regvalue_delete(
    const char *key, const char *name, struct sbx_error *err);

/** Whether a key exists. */
SBX_MUST_CHECK enum sbx_status sbx_regvalue_key_exists(
    const char *key, bool *ret_exists, struct sbx_error *err);

/**
 * How many keys and values a key holds.
 * @return SBX_NOT_FOUND without the key
 * @see https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-regqueryinfokeyw
 */
SBX_MUST_CHECK enum sbx_status sbx_regvalue_key_count(
    const char *key, uint32_t *ret_keys, uint32_t *ret_values, struct sbx_error *err);

/** Delete a key that has neither values nor subkeys; any other, or an absent one, is left alone.
 * @see https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-regdeletekeyw */
SBX_MUST_CHECK enum sbx_status sbx_regvalue_prune(
    const char *key, bool *ret_deleted, struct sbx_error *err);

#endif
