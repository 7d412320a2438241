package faults

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// kubernetesError is the Status that the API server would answer with; nil where it has none.
func kubernetesError(request *http.Request, code int) any {
	parser := apirequest.RequestInfoFactory{
		APIPrefixes:          sets.NewString("api", "apis"),
		GrouplessAPIPrefixes: sets.NewString("api"),
	}
	info, err := parser.NewRequestInfo(request)
	if err != nil {
		info = &apirequest.RequestInfo{Verb: strings.ToLower(request.Method), Path: request.URL.Path}
	}
	failure := statusError(info, code)
	if failure == nil {
		return nil
	}
	status := failure.Status()
	status.Kind, status.APIVersion = "Status", "v1"
	return status
}

func statusError(info *apirequest.RequestInfo, code int) *apierrors.StatusError {
	resource := schema.GroupResource{Group: info.APIGroup, Resource: info.Resource}
	switch code {
	case http.StatusUnauthorized:
		return apierrors.NewUnauthorized("Unauthorized")
	case http.StatusForbidden:
		return apierrors.NewForbidden(resource, info.Name, errors.New(forbidden(info)))
	case http.StatusConflict:
		return apierrors.NewConflict(resource, info.Name,
			errors.New("the object has been modified; please apply your changes to the latest version and try again"))
	case http.StatusTooManyRequests:
		return nil
	case http.StatusInternalServerError:
		return &apierrors.StatusError{ErrStatus: metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: "etcdserver: request timed out",
		}}
	case http.StatusServiceUnavailable:
		return apierrors.NewServiceUnavailable("the server is currently unable to handle the request")
	default:
		return apierrors.NewGenericServerResponse(code, info.Verb, resource, info.Name, "", 0, true)
	}
}

// forbidden is what the API server says of a request, but for the user, whom a proxy does not know.
func forbidden(info *apirequest.RequestInfo) string {
	if !info.IsResourceRequest {
		return fmt.Sprintf("User cannot %s path %q", info.Verb, info.Path)
	}
	resource := strings.TrimSuffix(info.Resource+"/"+info.Subresource, "/")
	where := "at the cluster scope"
	if info.Namespace != "" {
		where = fmt.Sprintf("in the namespace %q", info.Namespace)
	}
	return fmt.Sprintf("User cannot %s resource %q in API group %q %s", info.Verb, resource, info.APIGroup, where)
}
