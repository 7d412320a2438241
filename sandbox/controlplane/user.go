package controlplane

import (
	"crypto/rand"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
)

// user is somebody whom the API server knows, by a certificate of the authority or by a token.
type user struct {
	context string // of a kubeconfig
	name    string
	groups  []string
	token   string
}

// users are those of a kubeconfig, with fresh tokens.
func users() []user {
	return []user{
		{context: Admin, name: "sandbox-admin", groups: []string{"system:masters"}, token: rand.Text()},
		{context: Narrow, name: Narrow, token: rand.Text()},
	}
}

// writeTokens writes the file that the API server looks tokens up in, and returns its path.
func writeTokens(dir string, known []user) (path string, err error) {
	var rows [][]string
	for _, u := range known {
		rows = append(rows, []string{u.token, u.name, u.name, strings.Join(u.groups, ",")})
	}
	var text strings.Builder
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return "", err
	}
	path = filepath.Join(dir, "tokens.csv")
	return path, os.WriteFile(path, []byte(text.String()), 0o600)
}
