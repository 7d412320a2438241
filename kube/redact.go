package kube

import (
	"regexp"
	"slices"
	"strings"
)

// What looks like a credential in a text that comes from elsewhere. Better too much is hidden.
var (
	// userinfo is a user and a password in a URL.
	userinfo = regexp.MustCompile(`://[^/@\s"]*@`)
	// secretQuery is a query parameter of a URL.
	secretQuery = regexp.MustCompile(`(?i)([?&][^=&\s"]*(?:token|key|secret|passw|sig)[^=&\s"]*=)[^&\s"]+`)
	// authorization is the value of such a header.
	authorization = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w+/=.~-]{8,}`)
	// token is one that is known by its form: a JSON web token, one of AWS, GitHub, GitLab or Slack.
	token = regexp.MustCompile(`\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{20,}|\bglpat-[\w-]{16,}|\bxox[a-z]-[\w-]{10,}`)
	// privateKey is one in PEM.
	privateKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`)
	// invalidValue is a value as an API server refuses it, under a name that sounds secret.
	invalidValue = regexp.MustCompile(
		`(?i)((?:passw|pwd|token|secret|credential|key|auth)[^\s:]*:\s*(?:invalid|unsupported|duplicate) value:\s*)(?:"(?:[^"\\]|\\.)*"|\S+)`)
	// pair is a name that sounds secret, with its value, in JSON, YAML or as on a command line.
	pair = regexp.MustCompile(
		`(?i)([\w.-]*(?:passw|pwd|token|secret|credential|api[-_]?key|authorization)[\w.-]*\\*["']?\]?\s*[:=]\s*)` +
			`(\\+"[^"\\]*|"(?:[^"\\]|\\.)*|'[^']*|[^\s,;{}"'\[\]\\]+)`)
	// excerpt is a piece of an object that could not be decoded.
	excerpt = regexp.MustCompile(`(?s)\.\.\.\|.*?\|\.\.\.`)
	// unmarshalled is a value of a YAML file that is of the wrong type.
	unmarshalled = regexp.MustCompile("(?s)(!!\\w+ )`.*?`")
)

// redact takes credentials out of a text.
func redact(text string) string {
	text = userinfo.ReplaceAllString(text, "://"+mask+"@")
	text = secretQuery.ReplaceAllString(text, "${1}"+mask)
	text = privateKey.ReplaceAllString(text, mask)
	text = excerpt.ReplaceAllString(text, "...|"+mask+"|...")
	text = unmarshalled.ReplaceAllString(text, "${1}`"+mask+"`")
	text = authorization.ReplaceAllString(text, "${1} "+mask)
	text = token.ReplaceAllString(text, mask)
	text = invalidValue.ReplaceAllString(text, "${1}"+mask)
	return pair.ReplaceAllStringFunc(text, maskPair)
}

// maskPair hides the value of a pair, unless it is no value but the reason why there is none.
func maskPair(text string) string {
	m := pair.FindStringSubmatch(text)
	value := strings.Trim(m[2], `\"'`)
	switch strings.ToLower(value) {
	case mask, "", "invalid", "unsupported", "duplicate", "required", "forbidden", "not":
		return text
	}
	return m[1] + strings.Replace(m[2], value, mask, 1)
}

// oneLine makes one line of a text, without credentials.
func oneLine(text string) string { return strings.Join(strings.Fields(redact(text)), " ") }

// assignment is a name and its value among the arguments of a program, as --set has them. JSON goes to
// its end.
var assignment = regexp.MustCompile(`([\w.\[\]-]+)=([{\[].*|(?:[^,\\]|\\.)*)`)

// ConcealArguments gives the arguments of a program without credentials, as they may be recorded.
func ConcealArguments(args []string) []string {
	list := make([]string, len(args))
	hidden := false // the argument is the value of a flag with a secret name
	for i, arg := range args {
		flag := strings.HasPrefix(arg, "-")
		if hidden && !flag {
			list[i], hidden = mask, false
			continue
		}
		hidden = flag && !strings.Contains(arg, "=") && secretName.MatchString(arg)
		list[i] = concealValues(arg)
	}
	return list
}

// concealValues hides the value of a flag, or the values in it: --set=name=value,name=value.
func concealValues(arg string) string {
	flag, list, ok := strings.Cut(arg, "=")
	switch {
	case !ok || !strings.HasPrefix(arg, "-"):
		flag, list = "", arg
	case secretName.MatchString(flag):
		return flag + "=" + mask
	default:
		flag += "="
	}
	return flag + redact(assignment.ReplaceAllStringFunc(list, func(text string) string {
		name, _, _ := strings.Cut(text, "=")
		if secretName.MatchString(name) {
			return name + "=" + mask
		}
		return text
	}))
}

// shortest is how long a secret value has to be to be looked for in texts: shorter ones are
// everywhere.
const shortest = 4

// secretsIn lists the texts among values whose names say that they are secret, the longest first.
func secretsIn(trees ...map[string]any) []string {
	var list []string
	var walk func(value any, hidden bool)
	walk = func(value any, hidden bool) {
		switch v := value.(type) {
		case map[string]any:
			name, _ := v["name"].(string)
			for key, inner := range v {
				walk(inner, hidden || secretName.MatchString(key) || key == "value" && secretName.MatchString(name))
			}
		case []any:
			for _, inner := range v {
				walk(inner, hidden)
			}
		case string:
			if hidden && len(v) >= shortest {
				list = append(list, v)
			}
		}
	}
	for _, tree := range trees {
		walk(tree, false)
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(list)
}

// without hides these texts, wherever they stand.
func without(text string, secrets []string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, mask)
	}
	return text
}
