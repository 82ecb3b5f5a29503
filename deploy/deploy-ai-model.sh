#!/usr/bin/env bash
# Puts the model of deploy/kubernetes/ on a cluster, shows it, tries it, takes it away.
# `deploy-ai-model.sh --help` tells how; README.md beside this file tells what.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
manifests=$here/kubernetes
app=triton-multilingual-asr

# What each command may be told; the namespace is said once, in kustomization.yaml.
namespace=$(sed -n 's/^namespace: *//p' "$manifests/kustomization.yaml")
context=""
hpa=cpu
gateway=no
dry_run=no
yes=no
url=""
timeout_s=900
model=${ASR_MODEL:-asr_am_ensemble}
# Only who needs the key shall get it: kubectl does not.
export -n ASR_API_KEY
# So that a range of letters is one of bytes.
export LC_ALL=C

usage() {
    cat <<'HELP'
usage: deploy-ai-model.sh COMMAND [OPTIONS]

Put AI4Bharat's ASR model on a Kubernetes cluster, and look after it.

commands:
  deploy     check with the API server, apply, wait until the model is ready
  status     what is there, and what the usual signs mean
  access     the addresses: in the cluster, at its nodes, at each pod, from here
  test       does it answer, and the model? by asr-client doctor, else by curl
  cleanup    take away all that deploy made, except the namespace

options:
  -n, --namespace NAME   where (default: that of kubernetes/kustomization.yaml)
      --context NAME     which cluster of your kubeconfig (default: its current one)
      --hpa cpu|queue    deploy: scale by CPU and memory, or by the queue (needs a metrics adapter)
      --gateway          deploy: Kong as well; access, test: through it
      --timeout SECONDS  deploy: how long to wait for the model (default: 900)
      --dry-run          deploy, cleanup: say what would be done; deploy asks the API server, too
      --url URL          test: this address, instead of a port-forward
  -y, --yes              cleanup: do not ask
  -h, --help             this text

environment:
  ASR_API_KEY            the gateway's key; deploy --gateway makes a Secret of it
  ASR_API_KEY_FILE       or a file with one key a line: all are accepted, so keys can be exchanged
  ASR_MODEL              the model to try (default: asr_am_ensemble)

A key is never an argument: `ps` would show it. It goes through pipes into the Secret asr-kong,
and is in no file and in nothing that this command prints.

examples:
  deploy-ai-model.sh deploy --dry-run
      what would be done, and whether the cluster would take it
  deploy-ai-model.sh deploy -n speech
      the model in the namespace speech, which is made if it is not there
  ASR_API_KEY_FILE=keys.txt deploy-ai-model.sh deploy --gateway
      and Kong in front of it
  deploy-ai-model.sh test --gateway
      through a port-forward to Kong, with the key of the environment
  deploy-ai-model.sh cleanup --yes

exit codes: 0 done, 1 failed, 2 used wrongly, 3 something is missing (kubectl, a cluster, a key)
HELP
}

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
fail() {
    local code=$1
    shift
    printf 'error: %s\n' "$*" >&2
    exit "$code"
}

kube() { "${kubectl[@]}" "$@"; }

# Runs what changes the cluster; tells it only, in a dry run.
change() {
    if [ "$dry_run" = yes ]; then
        say "would run: ${kubectl[*]} $*"
    else
        kube "$@"
    fi
}

require_cluster() {
    command -v kubectl >/dev/null ||
        fail 3 "kubectl is missing: install it, and give it a kubeconfig that reaches the cluster"
    kube version --request-timeout=10s >/dev/null 2>&1 ||
        fail 3 "kubectl reaches no cluster: try 'kubectl cluster-info'; KUBECONFIG or --context chooses one"
}

# The lists of what is applied, as -f FILE -f FILE.
choose_files() {
    files=(-f "$manifests/ai-model-deployment.yaml" -f "$manifests/ai-model-service.yaml"
        -f "$manifests/ai-model-pdb.yaml" -f "$manifests/watcher-rbac.yaml")
    case $hpa in
        cpu) files+=(-f "$manifests/ai-model-hpa.yaml") ;;
        queue) files+=(-f "$manifests/ai-model-hpa-queue.yaml") ;;
        *) fail 2 "--hpa $hpa: cpu or queue" ;;
    esac
    if [ "$gateway" = yes ]; then
        files+=(-f "$manifests/kong-gateway.yaml")
    fi
}

# --- deploy ---------------------------------------------------------------------------------------

deploy() {
    choose_files
    if [ "$gateway" = yes ]; then
        gateway_config >/dev/null # a missing key is told before anything is changed
    fi
    if [ "$dry_run" = yes ]; then
        apply_all
        require_cluster
        kube get namespace "$namespace" >/dev/null 2>&1 ||
            fail 3 "there is no namespace $namespace to check in: 'kubectl create namespace $namespace' first"
        check_with_server
        say "dry run: the API server would take it; nothing was changed"
        return
    fi
    require_cluster
    look_at_cluster
    kube get namespace "$namespace" >/dev/null 2>&1 || kube create namespace "$namespace"
    check_with_server
    apply_all
    say "waiting up to $timeout_s s for the model; loading it takes minutes"
    kube rollout status "deployment/$app" --timeout="${timeout_s}s" ||
        fail 1 "the model is not ready: '$0 status -n $namespace' says why"
    if [ "$gateway" = yes ]; then
        kube rollout status deployment/kong-gateway --timeout=180s
    fi
    say "ready. Next: '$0 test -n $namespace'"
}

# Finds misspelt fields and impossible values before anything is changed.
check_with_server() {
    kube apply --dry-run=server "${files[@]}" ||
        fail 1 "the API server refuses the manifests; nothing was changed"
}

apply_all() {
    if [ "$gateway" = yes ]; then
        put_secret
    fi
    change apply "${files[@]}"
    if [ "$gateway" = yes ]; then
        change rollout restart deployment/kong-gateway # it reads its Secret when it starts
    fi
}

look_at_cluster() {
    if nodes=$(kube get nodes -l node-type=gpu -o name 2>/dev/null) && [ -z "$nodes" ]; then
        warn "no node has the label node-type=gpu: the pods will stay Pending." \
            "'kubectl label node NODE node-type=gpu'"
    fi
    kube get --raw /apis/metrics.k8s.io/v1beta1 >/dev/null 2>&1 ||
        warn "nobody answers at metrics.k8s.io: without metrics-server the HPA does nothing"
    if [ "$hpa" = queue ]; then
        kube get --raw /apis/custom.metrics.k8s.io/v1beta1 >/dev/null 2>&1 ||
            warn "nobody answers at custom.metrics.k8s.io: ai-model-hpa-queue.yaml tells what it needs"
    fi
}

# Server-side, because a plain apply would repeat the content in an annotation.
put_secret() {
    if [ "$dry_run" = yes ]; then
        say "would run: ${kubectl[*]} apply --server-side -f -   (the Secret asr-kong, from a pipe)"
        return
    fi
    gateway_config |
        kube create secret generic asr-kong --from-file=kong.yml=/dev/stdin --dry-run=client -o yaml |
        kube apply --server-side --force-conflicts -f -
}

# kong.yml with its consumer, on stdout: for pipes only. The file is read as asr-client reads it.
gateway_config() {
    local key count=0 entries=""
    while IFS= read -r key || [ -n "$key" ]; do
        if [ -z "$key" ] || [ "${key:0:1}" = "#" ]; then continue; fi
        count=$((count + 1))
        # Nothing that a header cannot carry, and nothing that could end the line.
        [[ $key != *[!\!-~]* ]] ||
            fail 2 "key $count holds blanks or letters outside ASCII: a header cannot carry it"
        entries+="      - key: '${key//\'/\'\'}'"$'\n'
    done < <(given_keys | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')
    [ "$count" -gt 0 ] ||
        fail 3 "the gateway needs a key: set ASR_API_KEY, or ASR_API_KEY_FILE to a file with one a line"
    cat "$here/kong.yml"
    printf '\nconsumers:\n  - username: asr-client\n    keyauth_credentials:\n%s' "$entries"
}

given_keys() {
    if [ -n "${ASR_API_KEY:-}" ]; then
        printf '%s\n' "$ASR_API_KEY"
    elif [ -n "${ASR_API_KEY_FILE:-}" ]; then
        cat -- "$ASR_API_KEY_FILE"
    fi
}

# --- status and access ----------------------------------------------------------------------------

status() {
    require_cluster
    kube get deployment,hpa,pdb,pods,services -l "app in ($app, kong-gateway)" -o wide
    say ""
    say "the HPA says:"
    kube get hpa "$app-hpa" --ignore-not-found -o \
        'jsonpath={range .status.conditions[*]}  {.type}={.status} ({.reason}) {.message}{"\n"}{end}'
    say ""
    say "the pods' last troubles:"
    kube get events --field-selector type=Warning --sort-by=.lastTimestamp | tail -n 5
    cat <<'SIGNS'

what the usual signs mean:
  a pod is Pending              no node with node-type=gpu has a GPU free
  0/1 Running for minutes       the model loads; after ten minutes the pod is restarted
  TARGETS <unknown>             no metrics: metrics-server is missing, or the pod is a minute old
  ScalingLimited=True           the HPA wants more than maxReplicas, or faster than its policies
  ALLOWED DISRUPTIONS 0         a drain waits: fewer replicas are ready than wanted
SIGNS
}

access() {
    require_cluster
    local node pods
    node=$(kube get nodes -o 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}' \
        2>/dev/null) || node=""
    pods=$(kube get endpointslices -l "kubernetes.io/service-name=$app-pods" -o \
        'jsonpath={range .items[*].endpoints[?(@.conditions.ready==true)]}http://{.addresses[0]}:8002/metrics,{end}')
    cat <<ADDRESSES
in the cluster      http://$app-service.$namespace:8000
                    grpc://$app-service.$namespace:8001
at the nodes        http://${node:-NODE}:30080   grpc://${node:-NODE}:30081   (no key, no limit)
each pod's metrics  ${pods%,}
from here           kubectl -n $namespace port-forward service/$app-service 8000 8001
ADDRESSES
    if [ "$gateway" = yes ]; then
        cat <<ADDRESSES
through Kong        http://kong-gateway-service.$namespace   (header X-API-Key)
from here           kubectl -n $namespace port-forward service/kong-gateway-service 8080:80
ADDRESSES
    fi
    say ""
    say "A port-forward and a kept connection stay with one pod: they show nothing of scaling."
}

# --- test -----------------------------------------------------------------------------------------

try_it() {
    if [ -z "$url" ]; then
        require_cluster
        forward
    fi
    say "asking $url"
    if command -v asr-client >/dev/null; then
        if [ -n "${ASR_API_KEY:-}" ]; then export ASR_API_KEY; fi
        asr-client doctor --model "$model" "$url"
    elif command -v curl >/dev/null; then
        say "(asr-client is not installed: three questions by curl instead of its doctor)"
        ask_by_curl
    else
        fail 3 "neither asr-client nor curl is installed"
    fi
}

# A port of this machine that leads to the Service, until this command ends.
forward() {
    local service=$app-service port="" number=8000
    if [ "$gateway" = yes ]; then
        service=kong-gateway-service number=80
    fi
    forward_log=$(mktemp)
    # Not by kube(): the process to end is kubectl's own.
    "${kubectl[@]}" port-forward "service/$service" ":$number" >"$forward_log" 2>&1 &
    forward_pid=$!
    trap stop_forward EXIT
    for _ in $(seq 100); do
        port=$(sed -n 's/^Forwarding from 127\.0\.0\.1:\([0-9]*\) .*/\1/p' "$forward_log")
        if [ -n "$port" ] || ! kill -0 "$forward_pid" 2>/dev/null; then break; fi
        sleep 0.1
    done
    [ -n "$port" ] || fail 1 "no way to service/$service: $(tail -n 1 "$forward_log")"
    url=http://127.0.0.1:$port
}

stop_forward() {
    kill "$forward_pid" 2>/dev/null || true
    wait "$forward_pid" 2>/dev/null || true
    rm -f "$forward_log"
}

ask_by_curl() {
    local failures=0
    question "is anybody there" /v2/health/live
    question "is the server ready" /v2/health/ready
    question "is the model $model ready" "/v2/models/$model/ready"
    [ "$failures" -eq 0 ] || exit 1
}

question() {
    local status
    status=$(ask "$2")
    if [ "$status" = 200 ]; then
        say "yes  $1"
        return
    fi
    failures=$((failures + 1))
    say "NO   $1: status $status"
    case $status in
        000) say "     nobody answers: is a pod ready ('status')? does a network policy keep you out?" ;;
        400) say "     up, but not with this model. A server without any model says that it is ready, too:" \
            "is something mounted over /models?" ;;
        401) say "     the gateway wants a key, in X-API-Key as here or in another header: ASR_API_KEY" ;;
        404) say "     Triton does not see this path: the gateway strips a prefix, or has no such route" ;;
        429) say "     the gateway's rate limit: health counts as well" ;;
        502 | 503 | 504) say "     the gateway found no ready pod behind it" ;;
    esac
}

# Never HEAD: Triton answers it with a body. The header comes from a pipe, since arguments are seen.
ask() {
    local header=""
    if [ -n "${ASR_API_KEY:-}" ]; then
        header=${ASR_API_KEY//\\/\\\\}
        header="header = \"X-API-Key: ${header//\"/\\\"}\""
    fi
    printf '%s\n' "$header" |
        curl --config - --silent --output /dev/null --max-time 10 --write-out '%{http_code}' "$url$1" ||
        true
}

# --- cleanup --------------------------------------------------------------------------------------

cleanup() {
    gateway=yes
    choose_files
    if [ "$dry_run" = no ]; then
        require_cluster
        kube get deployment,hpa,pdb,services -l "app in ($app, kong-gateway)" -o name
        confirm
    fi
    change delete --ignore-not-found "${files[@]}"
    change delete --ignore-not-found secret/asr-kong
    say "the namespace $namespace stays: 'kubectl delete namespace $namespace' takes all that is in it"
}

confirm() {
    local answer
    [ "$yes" = no ] || return 0
    [ -t 0 ] || fail 2 "cleanup asks before it deletes, and nobody is there to answer: --yes"
    read -r -p "Delete these from the namespace $namespace? [y/N] " answer
    case $answer in
        y | Y | yes) ;;
        *) fail 1 "nothing was deleted" ;;
    esac
}

# --- arguments ------------------------------------------------------------------------------------

command=""
while [ $# -gt 0 ]; do
    case $1 in
        -n | --namespace | --context | --hpa | --timeout | --url)
            [ $# -ge 2 ] || fail 2 "$1 wants a value; --help tells which"
            case $1 in
                -n | --namespace) namespace=$2 ;;
                --context) context=$2 ;;
                --hpa) hpa=$2 ;;
                --timeout) timeout_s=$2 ;;
                --url) url=${2%/} ;;
            esac
            shift
            ;;
        --gateway) gateway=yes ;;
        --dry-run) dry_run=yes ;;
        -y | --yes) yes=yes ;;
        -h | --help)
            usage
            exit 0
            ;;
        -*) fail 2 "unknown option $1; --help tells which there are" ;;
        *)
            [ -z "$command" ] || fail 2 "one command at a time: $command or $1"
            command=$1
            ;;
    esac
    shift
done

kubectl=(kubectl -n "$namespace")
if [ -n "$context" ]; then kubectl+=(--context "$context"); fi

case $command in
    deploy) deploy ;;
    status) status ;;
    access) access ;;
    test) try_it ;;
    cleanup) cleanup ;;
    "")
        usage >&2
        exit 2
        ;;
    *) fail 2 "unknown command $command; --help tells which there are" ;;
esac
