/* SPDX-License-Identifier: MIT
 *
 * The table of clients.h, and how a command is told to be one of its rows: by its name, else by the first bytes of its
 * file. What a row claims was tried out with the clients of the end-to-end tests. */
#include "proxy/cli/clients.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define GIVE_A_NAME "give the service a name with --resolve NAME:PORT=127.0.0.1:PORT, and use that name"

static const struct client_kind kinds[] = {
    {
	.title = "curl",
	.names = {"curl"},
	.reads = "http_proxy (lower case only), https_proxy, all_proxy; CURL_CA_BUNDLE, SSL_CERT_FILE",
    },
    {
	.title = "wget",
	.names = {"wget"},
	.reads = "http_proxy, https_proxy; WGETRC",
    },
    {
	.title = "git",
	.names = {"git"},
	.reads = "http_proxy, https_proxy, all_proxy; GIT_SSL_CAINFO",
	.hints = {"git over ssh has nothing to do with a proxy"},
    },
    {
	.title = "Python",
	.names = {"python", "pytest", "pip", "http", "https", "httpie", "tox", "nox", "uv", "poetry", "ipython"},
	.reads = "http_proxy, https_proxy; SSL_CERT_FILE (ssl, httpx), REQUESTS_CA_BUNDLE (requests)",
	.hints = {"aiohttp asks the environment only when told to: aiohttp.ClientSession(trust_env=True)"},
    },
    {
	.title = "Node",
	.names = {"node", "nodejs", "npm", "npx", "yarn", "pnpm", "jest", "mocha", "vitest", "tsx"},
	.reads =
	    "NODE_USE_ENV_PROXY with http_proxy and https_proxy (from Node 22.21 and 24.5 on); NODE_EXTRA_CA_CERTS",
	.hints = {"in earlier versions fetch ignores the environment: npm install undici, and put first "
		  "require('undici').setGlobalDispatcher(new (require('undici').EnvHttpProxyAgent)())",
		  "axios sends https:// targets to a proxy without a tunnel: give it proxy: false and httpsAgent: new "
		  "(require('https-proxy-agent').HttpsProxyAgent)(process.env.https_proxy)"},
    },
    {
	.title = "Go",
	.names = {"go"},
	.reads = "HTTP_PROXY, HTTPS_PROXY; SSL_CERT_FILE",
	.hints = {"Go never proxies localhost and 127.0.0.0/8: " GIVE_A_NAME,
		  "a http.Transport of the program's own has no proxy: it needs Proxy: http.ProxyFromEnvironment"},
    },
    {
	.title = "Java",
	.names = {"java", "mvn", "mvnw", "gradle", "gradlew", "sbt", "kotlin", "scala", "jshell", "ant"},
	.reads = "JAVA_TOOL_OPTIONS (proxy, trust store, and no exception for loopback names)",
	.hints = {"a client with settings of its own does not go by them: Apache HttpClient needs "
		  "useSystemProperties(), and a Gradle daemon that runs already does not see them (--no-daemon)"},
    },
    {
	.title = "PHP",
	.names = {"php", "phpunit", "composer"},
	.reads = "http_proxy, https_proxy (curl); PHP_INI_SCAN_DIR (certificates)",
	.hints = {"PHP's streams (file_get_contents) read no proxy variable: stream_context_create(['http' => ['proxy' "
		  "=> str_replace('http:', 'tcp:', getenv('http_proxy')), 'request_fulluri' => true]])"},
    },
    {
	.title = "Ruby",
	.names = {"ruby", "rspec", "rake", "bundle", "bundler", "gem", "rails", "irb"},
	.reads = "http_proxy, https_proxy; SSL_CERT_FILE",
	.hints = {"Ruby never proxies names of loopback addresses: " GIVE_A_NAME},
    },
    {
	.title = "Perl",
	.names = {"perl", "prove", "lwp-request", "GET", "POST"},
	.reads = "http_proxy, https_proxy; PERL_LWP_SSL_CA_FILE",
	.hints = {"LWP asks the environment only when told to: LWP::UserAgent->new(env_proxy => 1)"},
    },
    {
	.title = "Cargo",
	.names = {"cargo", "rustup"},
	.reads = "http_proxy, https_proxy; CARGO_HTTP_CAINFO",
    },
    {
	.title = "Deno",
	.names = {"deno"},
	.reads = "HTTP_PROXY, HTTPS_PROXY; DENO_CERT",
    },
    {
	.title = ".NET",
	.names = {"dotnet"},
	.reads = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY; SSL_CERT_FILE",
    },
    {
	.title = "sudo",
	.names = {"sudo", "su", "doas"},
	.reads = "nothing: it drops the environment",
	.hints = {"sudo drops the environment: put hopaudit inside, as in sudo hopaudit run -- COMMAND"},
    },
    {
	.title = "Containers",
	.names = {"docker", "docker-compose", "podman", "kubectl"},
	.reads = "nothing: a container has an environment of its own",
	.hints = {"a container has an environment and a loopback of its own: let hopaudit --listen on an address that "
		  "it reaches (with --allow), set https_proxy inside, and trust http://hopaudit.invalid/ca.pem there"},
    },
    {
	.title = "Chromium",
	.names = {"chromium", "chromium-browser", "google-chrome", "chrome", "chromedriver"},
	.reads = "none for certificates; http_proxy and https_proxy in some desktops only",
	.hints = {"give it --proxy-server=$http_proxy --proxy-bypass-list='<-loopback>' and, for `hopaudit proxy`, the "
		  "--ignore-certificate-errors-spki-list=... that `hopaudit ca show` prints"},
    },
    {
	.title = "Firefox",
	.names = {"firefox", "geckodriver"},
	.reads = "none",
	.hints = {"set its proxy in its settings, network.proxy.allow_hijacking_localhost to true, and import the "
		  "certificate of `hopaudit ca export`"},
    },
};

static const unsigned kind_count = sizeof(kinds) / sizeof(kinds[0]);

const struct client_kind *client_kind_at(unsigned n)
{
	return n < kind_count ? &kinds[n] : NULL;
}

/* The last part of a path, without a version: python3.11 is python. */
static size_t base_name(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t len;

	*name = slash ? slash + 1 : path;
	len = strlen(*name);
	while (len > 1 && strchr("0123456789.-", (*name)[len - 1]))
		len--;
	return len;
}

static const struct client_kind *by_name(const char *path)
{
	const char *name;
	size_t len = base_name(path, &name);

	for (unsigned k = 0; k < kind_count; k++) {
		for (unsigned i = 0; i < CLIENT_NAMES_MAX && kinds[k].names[i]; i++) {
			const char *known = kinds[k].names[i];

			if (strcmp(known, name) == 0 || (strlen(known) == len && strncmp(known, name, len) == 0))
				return &kinds[k];
		}
	}
	return NULL;
}

/* "#!/usr/bin/env -S node --flag": the first word that is no option and not env. */
static const struct client_kind *by_interpreter(char *line)
{
	char *rest = line + strlen("#!"), *word;

	while ((word = strsep(&rest, " \t")) != NULL) {
		const char *name;
		size_t len = base_name(word, &name);

		if (*word && *word != '-' && !(len == 3 && strncmp(name, "env", 3) == 0) && !strchr(word, '='))
			return by_name(word);
	}
	return NULL;
}

/* The linker of Go leaves this in every program, near the start of its data. */
static bool is_go_program(int fd)
{
	static const char mark[] = "\xff Go buildinf:";
	const size_t most = (size_t)256 << 20;
	struct stat st;
	size_t len;
	void *bytes;
	bool found;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	len = (size_t)st.st_size < most ? (size_t)st.st_size : most;
	bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return false;
	found = memmem(bytes, len, mark, sizeof(mark) - 1) != NULL;
	munmap(bytes, len);
	return found;
}

static const struct client_kind *by_file(const char *path)
{
	const struct client_kind *kind = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char begin[256];
	ssize_t n = fd >= 0 ? read(fd, begin, sizeof(begin) - 1) : -1;

	if (n > 2 && memcmp(begin, "#!", 2) == 0) {
		begin[n] = '\0';
		begin[strcspn(begin, "\r\n")] = '\0';
		kind = by_interpreter(begin);
	} else if (n > 4 && memcmp(begin, "\177ELF", 4) == 0 && is_go_program(fd)) {
		kind = by_name("go");
	}
	if (fd >= 0)
		close(fd);
	return kind;
}

bool client_find_file(const char *command, const char *path_variable, char *out, unsigned long size)
{
	const char *folder = path_variable ? path_variable : "/bin:/usr/bin";

	if (strchr(command, '/'))
		return (unsigned long)snprintf(out, size, "%s", command) < size && access(out, X_OK) == 0;
	for (;;) {
		size_t len = strcspn(folder, ":");

		if ((unsigned long)snprintf(out, size, "%.*s%s%s", (int)len, folder, len ? "/" : "./", command) <
			size &&
		    access(out, X_OK) == 0)
			return true;
		if (folder[len] == '\0')
			return false;
		folder += len + 1;
	}
}

const struct client_kind *client_kind_of(const char *command, const char *path_variable)
{
	const struct client_kind *kind = by_name(command);
	char file[4096];

	if (kind || !client_find_file(command, path_variable, file, sizeof(file)))
		return kind;
	return by_file(file);
}
