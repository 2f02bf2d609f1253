/*
 * Access lists and names of window stations and desktops: objects of user32, to which the calls for
 * kernel handles (acl.h) do not speak. user32.dll is asked for late (late.h).
 */
#ifndef SBX_USEROBJECT_H
#define SBX_USEROBJECT_H

#include "win.h"
#include "../core/acldata.h"

/**
 * Read the DACL.
 * @param object HDESK or HWINSTA with READ_CONTROL; borrowed
 * @param what "the desktop": for messages
 * @param ret_descriptor {0}; sbx_descriptor_done; without owner and group
 * @return SBX_UNSUPPORTED without user32; SBX_UNPROVEN for a size that no descriptor has
 * @see https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-getuserobjectsecurity
 */
SBX_MUST_CHECK enum sbx_status sbx_userobject_get_dacl(
    HANDLE object, const char *what, struct sbx_descriptor *ret_descriptor, struct sbx_error *err);

/**
 * Replace the DACL. Not read back here.
 * @param object with WRITE_DAC; borrowed
 * @see https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-setuserobjectsecurity
 */
SBX_MUST_CHECK enum sbx_status sbx_userobject_set_dacl(HANDLE object, const char *what,
    const struct sbx_descriptor *descriptor, struct sbx_error *err);

/* UTF-16 code units of the longest name, with its end. */
#define SBX_USEROBJECT_NAME_CCH 256u

/**
 * The object's name, without the station's for a desktop.
 * @param object may be NULL, which fails as the system does
 * @see https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-getuserobjectinformationw
 */
SBX_MUST_CHECK enum sbx_status sbx_userobject_name(HANDLE object, const char *what,
    wchar_t ret_name_w[SBX_USEROBJECT_NAME_CCH], struct sbx_error *err);

#endif
