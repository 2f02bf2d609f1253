/* The same files by other names (research: F8, F14, F18-F23): the ACL decides, not the spelling. */
#include "suite.h"

#define A(name, ...) static const struct attack name = {__VA_ARGS__}
#define GIT "{ws}\\.git"

A(junction, NULL, "seq|junction|{ws}\\j|{out}|+|write|{ws}\\j\\target.txt", NULL, 5, 0, NULL, 0);
A(junction_create, NULL, "seq|junction|{ws}\\j|{out}|+|create|{ws}\\j\\new.txt", NULL, 5, 0, NULL,
    0);
A(junction_git, NULL, "seq|junction|{ws}\\j|" GIT "|+|write|{ws}\\j\\config", GIT, 5, 0, NULL, 0);
A(symlink, NULL, "seq|symlink|{ws}\\s.txt|{out}\\target.txt|+|write|{ws}\\s.txt", NULL, 5,
    ATTACK_TWIN_MAY_FAIL, NULL, 1314);
A(hardlink, NULL, "seq|hardlink|{ws}\\l.txt|{out}\\target.txt|+|write|{ws}\\l.txt", NULL, 5, 0,
    NULL, 2);
A(case_hook, NULL, "overwrite|{ws}\\.GIT\\HOOKS\\PRE-COMMIT", GIT, 5, 0, NULL, 0);
A(case_path, NULL, "write|{out}\\TARGET.TXT", NULL, 5, 0, NULL, 0);
A(short_git, NULL, "shortwrite|{ws}|.git|config", GIT, 5, 0, NULL, 0);
A(stream_git_dir, NULL, "create|" GIT "::$INDEX_ALLOCATION\\x.txt", GIT, 5, 0, NULL, 0);
A(stream_git_file, NULL, "overwrite|" GIT "\\config:more", GIT, 5, ATTACK_NO_CHANGE, NULL, 0);
A(stream_data, NULL, "write|" GIT "\\config::$DATA", GIT, 5, 0, NULL, 0);
A(trailing_dot, NULL, "write|{ws}\\.git.\\config", GIT, 5, 0, NULL, 0);
A(trailing_space, NULL, "write|{ws}\\.git \\config", GIT, 5, ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(dot_dot, NULL, "write|{ws}\\sub\\..\\.git\\config", GIT, 5, 0, NULL, 0);
A(dot_dot_out, NULL, "write|{ws}\\..\\out\\target.txt", NULL, 5, 0, NULL, 0);
A(slashes, NULL, "write|{ws}/.git//config", GIT, 5, 0, NULL, 0);
A(verbatim, NULL, "write|\\\\?\\{out}\\target.txt", NULL, 5, 0, NULL, 0);
A(verbatim_git, NULL, "write|\\\\?\\" GIT "\\config", GIT, 5, 0, NULL, 0);
A(device, NULL, "write|\\\\.\\{out}\\target.txt", NULL, 5, 0, NULL, 0);
A(native, NULL, "ntwrite|\\??\\{out}\\target.txt", NULL, 5, 0, NULL, 0);
A(native_git, NULL, "ntwrite|\\??\\" GIT "\\config", GIT, 5, 0, NULL, 0);
A(global_root, NULL, "write|\\\\?\\GLOBALROOT\\??\\{out}\\target.txt", NULL, 5,
    ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(unc, NULL, "write|\\\\?\\UNC\\localhost\\C$\\sbx-suite-f21.txt", NULL, 5, ATTACK_TWIN_MAY_FAIL,
    NULL, 0);
A(by_id, NULL, "idwrite|{out}\\target.txt", NULL, 5, ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(by_id_git, NULL, "idwrite|" GIT "\\config", GIT, 5, ATTACK_TWIN_MAY_FAIL, NULL, 0);
A(disk, NULL, "open|\\\\.\\PhysicalDrive0|c0000000", NULL, 5,
    ATTACK_PLATFORM | ATTACK_TWIN_MAY_FAIL | ATTACK_NO_CHANGE, NULL, 0);
A(volume, NULL, "open|\\\\.\\{drive}|c0000000", NULL, 5,
    ATTACK_PLATFORM | ATTACK_TWIN_MAY_FAIL | ATTACK_NO_CHANGE, NULL, 0);

/* The volume by its GUID: the path is only known at run time. */
static void volume_guid(const struct row *row)
{
    wchar_t mount[8] = L"?:\\", guid[64];
    (void)row;
    mount[0] = w(fx.out)[0];
    if (!GetVolumeNameForVolumeMountPointW(mount, guid, 64)) {
        skip("the volume has no GUID path: error %lu", GetLastError());
        return;
    }
    struct attack attack = {.command = f("write|%s%s\\target.txt", u(guid), fx.out + 3),
        .error = 5,
        .flags = ATTACK_TWIN_MAY_FAIL};
    struct row inner = *row;
    inner.data = &attack;
    attack_run(&inner);
}

#define ATTACK(id, name, needs, attack)                                                            \
    {                                                                                              \
        id, name, NEED_HELD | (needs), 0, attack_run, &(attack)                                    \
    }
static const struct row rows[] = {
    ATTACK("F08a", "junction_in_root__write_through__denied", NEED(FACT_JUNCTION), junction),
    ATTACK(
        "F08b", "junction_in_root__create_through__denied", NEED(FACT_JUNCTION), junction_create),
    ATTACK("F08c", "junction_to_git__write_through__denied", NEED(FACT_JUNCTION), junction_git),
    ATTACK("F08d", "symbolic_link_in_root__write_through__denied", 0, symlink),
    ATTACK("F14", "hard_link_to_outside__write_through__denied", NEED(FACT_HARDLINK), hardlink),
    ATTACK("F18a", "git_in_capitals__write_hook__denied", 0, case_hook),
    ATTACK("F18b", "outside_in_capitals__write__denied", 0, case_path),
    ATTACK("F19", "git_by_short_name__write__denied", NEED(FACT_SHORT), short_git),
    ATTACK("F20a", "git_by_index_stream__create__denied", NEED(FACT_STREAM), stream_git_dir),
    ATTACK("F20b", "git_config_other_stream__write__denied", NEED(FACT_STREAM), stream_git_file),
    ATTACK("F20c", "git_config_data_stream__write__denied", NEED(FACT_STREAM), stream_data),
    ATTACK("F21a", "git_trailing_dot__write__denied", 0, trailing_dot),
    ATTACK("F21b", "git_trailing_space__write__denied", 0, trailing_space),
    ATTACK("F21c", "git_dot_dot__write__denied", 0, dot_dot),
    ATTACK("F21d", "outside_dot_dot__write__denied", 0, dot_dot_out),
    ATTACK("F21e", "git_forward_slashes__write__denied", 0, slashes),
    ATTACK("F21f", "outside_verbatim_path__write__denied", 0, verbatim),
    ATTACK("F21g", "git_verbatim_path__write__denied", 0, verbatim_git),
    ATTACK("F21h", "outside_device_path__write__denied", 0, device),
    ATTACK("F21i", "outside_native_path__write__denied", 0, native),
    ATTACK("F21j", "git_native_path__write__denied", 0, native_git),
    ATTACK("F21k", "outside_global_root__write__denied", 0, global_root),
    {"F21l", "outside_volume_guid__write__denied", NEED_HELD, 0, volume_guid, NULL},
    ATTACK("F21m", "loopback_unc__write__denied", 0, unc),
    ATTACK("F22a", "raw_disk__open__denied", 0, disk),
    ATTACK("F22b", "raw_volume__open__denied", 0, volume),
    ATTACK("F23a", "outside_by_file_id__write__denied", 0, by_id),
    ATTACK("F23b", "git_by_file_id__write__denied", 0, by_id_git),
};
const struct row_set rows_names = {rows, countof(rows)};
