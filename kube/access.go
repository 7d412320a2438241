package kube

import (
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd/api"
)

// An access is how the kubeconfig leads to a cluster, for messages.
type access struct {
	name   string // of the context
	user   string // the kubeconfig's entry; "": none
	plugin string // program that logs the user in; "": none
}

// noCredentials is how client-go begins to say that a login plugin did not work.
const noCredentials = "getting credentials: "

// accessOf looks a context up. Without one, Perch runs in the cluster itself.
func accessOf(raw api.Config, context string) access {
	if context == "" {
		return access{name: "in-cluster"}
	}
	a := access{name: context}
	if entry, ok := raw.Contexts[context]; ok {
		a.user = entry.AuthInfo
	}
	if user, ok := raw.AuthInfos[a.user]; ok && user.Exec != nil {
		a.plugin = filepath.Base(user.Exec.Command)
	}
	return a
}

// whom: " (user ann of the kubeconfig)".
func (a access) whom() string {
	if a.user == "" {
		return ""
	}
	return " (user " + a.user + " of the kubeconfig)"
}

// as: " for user ann of context prod".
func (a access) as() string {
	if a.user == "" {
		return ""
	}
	return " for user " + a.user + " of context " + a.name
}

// login is what to do when the credentials are not taken.
func (a access) login() string {
	how := "log in again"
	switch {
	case a.plugin != "":
		how += " with " + a.plugin
	case a.user != "":
		how += ", or renew the token or certificate of user " + a.user
	}
	return how + ", until kubectl --context " + a.name + " get ksvc answers"
}
