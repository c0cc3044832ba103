"""Makes ordinal.json: python3 ordinal.py (numpy, scipy; R with MASS; a python with statsmodels, argument 1)."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
rng=np.random.default_rng(5)
n,d,K=240,3,4
X=np.round(rng.uniform(-1,1,(n,d)),3)
a=np.array([-0.5,1.0,2.2]); B=np.array([[.8,-.5,0.],[.8,-.9,.3],[.8,-.9,.3]])
F=lambda t:1/(1+np.exp(-t))
P=F(a+X@B.T); P=np.hstack([P,np.ones((n,1))]); P=np.diff(np.hstack([np.zeros((n,1)),P]),axis=1)
assert P.min()>0
u=rng.random(n); y=(u[:,None]>np.cumsum(P,1)).sum(1)
print(np.bincount(y))
csv=tempfile.mktemp('.csv')
np.savetxt(csv,np.c_[X,y],delimiter=',',header='a,b,c,y',comments='',fmt='%.6g')
C=K-1
m=X.mean(0); s=X.std(0); Z=(X-m)/s
def nll(th):
    a=th[:C]; psi=th[C:].reshape(C,d); b=np.cumsum(psi,0)
    eta=a+Z@b.T
    Fk=np.hstack([np.zeros((n,1)),F(eta),np.ones((n,1))])
    p=np.diff(Fk,axis=1)
    if p.min()<=0: return np.inf,np.zeros_like(th)
    py=p[np.arange(n),y]
    f=F(eta)*F(-eta)
    g=np.zeros((n,C))
    for i in range(n):
        k=y[i]
        if k<C: g[i,k]+=f[i,k]/py[i]
        if k>0: g[i,k-1]-=f[i,k-1]/py[i]
    ga=g.sum(0); gb=g.T@Z
    gpsi=np.array([gb[j:].sum(0) for j in range(C)])
    return -np.log(py).mean(), -np.r_[ga,gpsi.ravel()]/n
cum=np.cumsum(np.bincount(y))[:C]/n
a0=np.log(cum/(1-cum))
out={}
def solve(lam,alpha,pen1=True):
    q=C*d; lo=0 if pen1 else d
    w=np.ones(q); w[:lo]=0
    def obj(v):
        th=np.r_[v[:C],v[C:C+q]-v[C+q:]]
        f,g=nll(th)
        psi=th[C:]
        pen=lam*(alpha*(w*(v[C:C+q]+v[C+q:])).sum()+(1-alpha)/2*(w*psi**2).sum())
        gp=lam*(1-alpha)*w*psi
        return f+pen, np.r_[g[:C], g[C:]+gp+lam*alpha*w, -g[C:]-gp+lam*alpha*w]
    v=np.r_[a0,np.zeros(2*q)]
    for _ in range(6):
        r=minimize(obj,v,jac=True,method='L-BFGS-B',bounds=[(None,None)]*C+[(0,None)]*(2*q),options=dict(maxiter=20000,maxfun=200000,ftol=1e-16,gtol=1e-12,maxcor=30))
        v=r.x
    th=np.r_[v[:C],v[C:C+q]-v[C+q:]]
    b=np.cumsum(th[C:].reshape(C,d),0)/s
    aa=th[:C]-b@m
    P=F(aa+X[:5]@b.T)
    return dict(lam=lam,alpha=alpha,penalizeFirst=pen1,objective=r.fun,intercepts=aa.tolist(),slopes=b.tolist())
sc=-nll(np.r_[a0,np.zeros(C*d)])[1][C:]
out['lambdaMax']=np.abs(sc).max()
out['fits']=[solve(0.02,1.),solve(0.005,1.),solve(0.03,0.),solve(0.01,.5),solve(0.02,1.,False)]
for f in out['fits']: print(f)
out['x']=X.tolist(); out['y']=y.tolist()
R='CSV="'+csv+'"'+r'''
library(MASS); options(digits=12)
d=read.csv(CSV); d$o=factor(d$y,ordered=TRUE)
f=polr(o~a+b+c,data=d,Hess=TRUE,control=list(reltol=1e-15,maxit=1000))
cat(sprintf('%.12g',c(f$zeta,f$coefficients,as.numeric(logLik(f)),sqrt(diag(vcov(f))))),'\n')
g=glm((y==3)~a+b+c,data=d,family=binomial,control=list(epsilon=1e-14))
cat(sprintf('%.12g',c(coef(g),sqrt(diag(vcov(g))),as.numeric(logLik(g)))),'\n')
'''
r=subprocess.run(['Rscript','-e',R],capture_output=True,text=True); print(r.stdout,r.stderr)
l=r.stdout.strip().split('\n'); p=[float(t) for t in l[0].split()]; g=[float(t) for t in l[1].split()]
out['polr']=dict(zeta=p[:3],coefficients=p[3:6],logLik=p[6],standardErrors=p[7:10]+p[10:13])
out['glm']=dict(coefficients=g[:4],standardErrors=g[4:8],logLik=g[8])
sm=subprocess.run([sys.argv[1],'-W','ignore','-c','''
import numpy as np, json, statsmodels, scipy
import statsmodels.miscmodels.ordinal_model as om
t=np.loadtxt("'''+csv+'''",delimiter=",",skiprows=1)
r=om.OrderedModel(t[:,3].astype(int),t[:,:3],distr="logit").fit(method="bfgs",disp=0,maxiter=2000,gtol=1e-10)
print(json.dumps([list(r.params[:3]),list(r.bse[:3]),r.llf,statsmodels.__version__]))
'''],capture_output=True,text=True); print(sm.stdout,sm.stderr[-500:])
sm=json.loads(sm.stdout.strip().split('\n')[-1])
out['statsmodels']=dict(coefficients=sm[0],standardErrors=sm[1],logLik=sm[2])
out['origin']='Data: numpy default_rng(5), 240 rows, 3 uniform features rounded to 3 places, 4 classes from a cumulative-logit model. polr: R 4.2.2 MASS 7.3-58.2 polr(reltol=1e-15), zeta then coefficients (its sign: logit P(y<=k) = zeta_k - x b); glm: R glm binomial on y==3, epsilon 1e-14; statsmodels: 0.13.5 OrderedModel logit, bfgs; fits: scipy 1.17.1 L-BFGS-B on the PRESTO objective with each difference split into two non-negative parts, restarted until still'
# A second set, where the optimum lies at the border of the feasible region.
from scipy.optimize import minimize
rng=np.random.default_rng(3)
F=lambda t:1/(1+np.exp(-t))
n,d,K=50,4,4; C=3
X=np.round(rng.uniform(-1,1,(n,d)),2); e=X@np.array([1.,-1,.5,0]); u=rng.random(n)
y=(u[:,None]>F(np.array([-.3,1.2,2.2])+e[:,None])).sum(1); print(np.bincount(y))
m,s=X.mean(0),X.std(0); Z=(X-m)/s
lam=1e-4
q=C*d
def obj(v):
    a=v[:C]; psi=(v[C:C+q]-v[C+q:]).reshape(C,d); b=np.cumsum(psi,0); eta=a+Z@b.T
    Fk=np.hstack([np.zeros((n,1)),F(eta),np.ones((n,1))]); py=np.maximum(np.diff(Fk,axis=1)[np.arange(n),y],1e-300)
    f=F(eta)*F(-eta); g=np.zeros((n,C)); i=np.arange(n)
    for k in range(C):
        g[y==k,k]+=(f[:,k]/py)[y==k]; g[y==k+1,k]-=(f[:,k]/py)[y==k+1]
    ga=g.sum(0); gb=g.T@Z; gp=np.array([gb[j:].sum(0) for j in range(C)]).ravel()
    return -np.log(py).mean()+lam*v[C:].sum(), np.r_[-ga/n,-gp/n+lam,gp/n+lam]
# gaps eta_{k+1}-eta_k = a_{k+1}-a_k + psi_{k+1}.z >= 0
rows=[]
for k in range(C-1):
    for i in range(n):
        r=np.zeros(C+2*q); r[k+1]=1; r[k]=-1; r[C+(k+1)*d:C+(k+2)*d]=Z[i]; r[C+q+(k+1)*d:C+q+(k+2)*d]=-Z[i]; rows.append(r)
A=np.array(rows)
cum=np.cumsum(np.bincount(y))[:C]/n
v=np.r_[np.log(cum/(1-cum)),np.zeros(2*q)]
r=minimize(obj,v,jac=True,method='SLSQP',bounds=[(None,None)]*C+[(0,None)]*(2*q),constraints=dict(type='ineq',fun=lambda v:A@v,jac=lambda v:A),options=dict(maxiter=5000,ftol=1e-16))
print(r.fun,r.message,(A@r.x).min())
psi=r.x[C:C+q]-r.x[C+q:]
v0=np.r_[r.x[:C],np.maximum(psi,0),np.maximum(-psi,0)]
print(obj(v0)[0])
out['border']=dict(x=X.tolist(),y=y.tolist(),lam=lam,objective=obj(v0)[0],slopes=(np.cumsum(psi.reshape(C,d),0)/s).round(7).tolist())
out['origin']+='; border: scipy 1.17.1 SLSQP with the linear constraints that cumulative curves do not cross at the 50 rows (numpy default_rng(3)), two of which bind'
def rnd(o):
    if isinstance(o,float): return float('%.10g'%o)
    if isinstance(o,dict): return {k:rnd(v) for k,v in o.items()}
    if isinstance(o,list): return [rnd(v) for v in o]
    return o
json.dump(rnd(out),open(Path(__file__).with_suffix('.json'),'w'),separators=(',',':'))
