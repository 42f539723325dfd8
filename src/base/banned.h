#ifndef ND_BASE_BANNED_H
#define ND_BASE_BANNED_H

/*
 * Last include of every .c file: calls that have no safe use here become
 * compile errors. Given earlier it would rewrite libc's own declarations.
 */
#define ND_BANNED(name) sorry_##name##_is_banned

#undef strcpy
#define strcpy ND_BANNED(strcpy)
#undef strcat
#define strcat ND_BANNED(strcat)
#undef sprintf
#define sprintf ND_BANNED(sprintf)
#undef vsprintf
#define vsprintf ND_BANNED(vsprintf)
#undef strncpy
#define strncpy ND_BANNED(strncpy)
#undef strncat
#define strncat ND_BANNED(strncat)
#undef strtok
#define strtok ND_BANNED(strtok)
#undef atoi
#define atoi ND_BANNED(atoi)
#undef atol
#define atol ND_BANNED(atol)
#undef alloca
#define alloca ND_BANNED(alloca)
#undef gmtime
#define gmtime ND_BANNED(gmtime)
#undef localtime
#define localtime ND_BANNED(localtime)
#undef ctime
#define ctime ND_BANNED(ctime)

#endif
