/* SPDX-License-Identifier: MIT
 *
 * RFC 7292's file with one bag for each certificate. Java takes a certificate for trusted only when its bag says what
 * it is trusted for, in an attribute of Oracle's, and knows it by its friendlyName, which must be unique. The
 * certificates are public, so nothing is encrypted; the MAC is the one that every Java since 6 can check. */
#include "proxy/tls/trust_store.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <string.h>

static const char trusted_key_usage[] = "2.16.840.1.113894.746875.1.1";
static const int mac_iterations = 2048;

static bool trust_for_all(PKCS12_SAFEBAG *bag)
{
	const ASN1_OBJECT *any = OBJ_nid2obj(NID_anyExtendedKeyUsage);

	/* -1: an object of this type, not bytes; it is copied. */
	return PKCS12_add1_attr_by_txt(bag, trusted_key_usage, V_ASN1_OBJECT, (const unsigned char *)any, -1) == 1;
}

/* "hopaudit CA (here) [3]": the number makes it unique. */
static void name_of(X509 *x, int number, char *out, size_t size)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *common = NULL;

	if (at >= 0 && ASN1_STRING_to_UTF8(&common, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))) < 0)
		common = NULL;
	snprintf(out, size, "%s [%d]", common ? (const char *)common : "certificate", number + 1);
	OPENSSL_free(common);
}

static bool add(STACK_OF(PKCS12_SAFEBAG) * *bags, X509 *x, int number)
{
	PKCS12_SAFEBAG *bag = PKCS12_add_cert(bags, x); /* the stack's */
	char name[512]; /* a longer name is cut, number and all: RFC 5280 allows 64 characters */

	name_of(x, number, name, sizeof(name));
	return bag && PKCS12_add_friendlyname_utf8(bag, name, -1) == 1 && trust_for_all(bag);
}

bool trust_store_write(FILE *to, const STACK_OF(X509) * certificates, const char *password)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	STACK_OF(PKCS7) *safes = NULL;
	PKCS12 *store = NULL;
	bool ok = true;

	for (int i = 0; ok && i < sk_X509_num(certificates); i++)
		ok = add(&bags, sk_X509_value(certificates, i), i);
	ok = ok && PKCS12_add_safe(&safes, bags, -1 /* not encrypted */, 0, NULL) == 1;
	store = ok ? PKCS12_add_safes(safes, 0) : NULL;
	ok = store && PKCS12_set_mac(store, password, -1, NULL, 0, mac_iterations, EVP_sha1()) == 1 &&
	     i2d_PKCS12_fp(to, store) == 1;
	PKCS12_free(store);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	ERR_clear_error();
	return ok;
}
