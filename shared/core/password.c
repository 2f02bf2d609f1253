/* See password.h. */
#include "password.h"

#include "buf.h"

/* 26 + 26 + 10 + 23. 255 is three times 85: only the byte 255 has to be thrown away. */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz"
                               "0123456789"
                               "!#$()*+,-./:;=?@[]_{|}~";
#define ALPHABET (sizeof(alphabet) - 1u)
#define FITTING (256u / ALPHABET * ALPHABET) /* bytes below this are even over the alphabet */

#define UPPER 1u
#define LOWER 2u
#define DIGIT 4u
#define SYMBOL 8u
#define ALL_CLASSES (UPPER | LOWER | DIGIT | SYMBOL)

/* 0: not in the alphabet. */
static unsigned class_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return UPPER;
    if (c >= 'a' && c <= 'z')
        return LOWER;
    if (c >= '0' && c <= '9')
        return DIGIT;
    return c && strchr(alphabet, c) ? SYMBOL : 0;
}

enum sbx_status sbx_password_make(const uint8_t *random, size_t size_bytes,
    char ret_password[SBX_PASSWORD_SIZE], struct sbx_error *err)
{
    unsigned classes = 0;
    size_t length = 0;
    size_t i;

    for (i = 0; i < size_bytes; i++) {
        char c;

        if (random[i] >= FITTING)
            continue;
        c = alphabet[random[i] % ALPHABET];
        ret_password[length++] = c;
        classes |= class_of(c);
        if (length < SBX_PASSWORD_LENGTH)
            continue;
        if (classes == ALL_CLASSES) {
            ret_password[length] = '\0';
            return SBX_OK;
        }
        /* The whole draw goes: putting a missing class in somewhere would make that place
         * guessable. */
        length = 0;
        classes = 0;
    }
    sbx_wipe(ret_password, SBX_PASSWORD_SIZE);
    return sbx_fail(err, SBX_NOT_FOUND, "%zu random bytes hold no password", size_bytes);
}

bool sbx_password_is_ours(const char *text)
{
    unsigned classes = 0;
    size_t i;

    for (i = 0; i < SBX_PASSWORD_LENGTH; i++) {
        unsigned class = class_of(text[i]);

        if (!class)
            return false;
        classes |= class;
    }
    return text[i] == '\0' && classes == ALL_CLASSES;
}
