/* gitconfig: any bytes give an answer, the answer is printable, bounded and always the same. */
#include "shared/core/gitconfig.h"

#include "shared/core/utf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sbx_gitconfig config, again;
    struct sbx_error err;
    uint32_t lines = 1;
    size_t i;

    for (i = 0; i < size; i++)
        lines += data[i] == '\n';
    FUZZ_CHECK(sbx_gitconfig_scan((const char *)data, size, &config, &err) == SBX_OK);
    FUZZ_CHECK(config.keys.count <= SBX_GITCONFIG_MAX_KEYS && config.bad_line <= lines);
    for (i = 0; i < config.keys.count; i++) {
        const char *key = config.keys.items[i];
        char printable[600];

        FUZZ_CHECK(strchr(key, '.') && sbx_utf_is_valid(key, strlen(key)));
        sbx_utf_printable(key, strlen(key), printable, sizeof(printable));
        FUZZ_CHECK(strcmp(key, printable) == 0);
    }
    FUZZ_CHECK(sbx_gitconfig_scan((const char *)data, size, &again, &err) == SBX_OK);
    FUZZ_CHECK(again.keys.count == config.keys.count && again.bad_line == config.bad_line);
    sbx_gitconfig_done(&config);
    sbx_gitconfig_done(&again);
    return 0;
}
