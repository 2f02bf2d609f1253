/* What the parts of probe.exe share. See probe.c. */

#ifndef NTWINE_PROBE_H
#define NTWINE_PROBE_H

#include <winsock2.h>
#include <windows.h>
#include <aclapi.h>
#include <lm.h>
#include <ntsecapi.h>
#include <sddl.h>
#include <shellapi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <userenv.h>
#include <wchar.h>
#include <winternl.h>

#define CAP "S-1-5-21-4000000001-4000000002-4000000003-4000000004"
#define CAP2 "S-1-5-21-4000000001-4000000002-4000000003-4000000005"
#define ME "S-1-5-21-0-0-0-1000"
#ifndef WRITE_RESTRICTED
#define WRITE_RESTRICTED 8
#endif

/* ---- probe_common.c ---- */

extern wchar_t base[MAX_PATH], self[MAX_PATH]; /* a directory of our own; this program */
extern HANDLE own;                             /* our token */

void check(const char *name, BOOL ok, const char *format, ...);
void is(const char *name, DWORD got, DWORD want);
PSID sid_of(const char *text);
const wchar_t *in(const wchar_t *name);
/* 0 or the error of opening with exactly this access */
DWORD try_open(const wchar_t *path, DWORD access, DWORD disposition);
DWORD result(BOOL ok);
void make_file(const wchar_t *path);
/* Stores exactly this descriptor: no propagation, no merging. */
void set_sd(const wchar_t *path, const char *sddl);
/* The DACL as SDDL */
const char *dacl_of(const wchar_t *path);
void dacl_is(const char *name, const wchar_t *path, const char *want);
HANDLE restricted(HANDLE token, DWORD flags, const char *first, const char *second, const char *third);
void as(HANDLE token);
void *info_of(HANDLE token, TOKEN_INFORMATION_CLASS what);
DWORD number_of(HANDLE token, TOKEN_INFORMATION_CLASS what);
DWORD attributes_of(HANDLE token, const char *sid);
DWORD integrity_of(HANDLE token);

/* ---- probe_user.c: as a standard user ---- */

void test_user(void);
/* What a program under a write-restricted token may do. */
void child(const wchar_t *dir);
/* Starts this program with these arguments; its exit code. */
DWORD run(HANDLE token, const wchar_t *arguments);

/* ---- probe_links.c: the same ---- */

void test_links(void);

/* ---- probe_admin.c: with the full token ---- */

void test_privileges(void);
void test_accounts(void);
void test_logon(void);
void test_second_user(void);
void test_removal(void);

/* ---- probe_network.c: the same ---- */

void test_wfp(void);
void test_sockets(void);
void test_firewall(void);

#endif
