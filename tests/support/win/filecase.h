/*
 * What the tests of files by handle share: a directory that is open, with dir, dir\sub and
 * dir\file ("content") in it.
 */
#ifndef SBX_TESTS_FILECASE_H
#define SBX_TESTS_FILECASE_H

#include "shared/win/file.h"

static const struct sbx_file_how any = {0};
static const struct sbx_file_how plain = {.kind = SBX_FILE_PLAIN};
static const struct sbx_file_how directory = {.kind = SBX_FILE_DIRECTORY};
static const struct sbx_file_how reading = {.kind = SBX_FILE_PLAIN, .access = FILE_READ_DATA};

extern HANDLE file_root;

/** The fixture. */
void file_case_setup(void);
void file_case_teardown(void);

/** Open what must be there. @return owned */
HANDLE file_open_at(const char *relative, const struct sbx_file_how *how);

/** SCRATCH\name holds this text, and nothing else. */
void file_ck_content(const char *name, const char *wanted);

#endif
