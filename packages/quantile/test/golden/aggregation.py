"""Makes aggregation.json: python3 aggregation.py (numpy, scipy)."""
import json
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import linprog, isotonic_regression
from scipy.stats import kendalltau
rng=np.random.default_rng(11)
out={}
cases=[]
for m in (1,2,5,9,20):
    v=np.round(rng.normal(size=m)*3,2); w=np.round(rng.uniform(.2,3,m),2)
    cases.append(dict(values=v.tolist(),weights=w.tolist(),plain=isotonic_regression(v).x.tolist(),weighted=isotonic_regression(v,weights=w).x.tolist()))
out['isotonic']=cases
n,p=59,3; levels=[.1,.5,.8]
x=rng.uniform(-1,1,n); y=np.round(np.sin(3*x)+.5*(1+x)*rng.normal(size=n),6)
from scipy.stats import norm
models=[np.round(np.array([np.sin(3*x)+.3*norm.ppf(l) for l in levels]).T,3), np.round(np.array([.5*x+1.2*norm.ppf(l) for l in levels]).T,3), np.round(np.array([np.sin(3*x)+.4*x**2+(1+x)*.8*norm.ppf(l) for l in levels]).T,3)]
def qra(k,intercept,nonneg,sum1):
    X=np.stack([m[:,k] for m in models],1); tau=levels[k]; q=p+1
    A=np.hstack([X,np.ones((n,1)),np.eye(n),-np.eye(n)])
    c=np.r_[np.zeros(q),np.full(n,tau),np.full(n,1-tau)]/n
    Aeq=A; beq=y
    if sum1:
        Aeq=np.vstack([A,np.r_[np.ones(p),np.zeros(1+2*n)]]); beq=np.r_[y,1]
    b=[(0,None) if nonneg else (None,None)]*p+[(None,None) if intercept else (0,0)]+[(0,None)]*(2*n)
    r=linprog(c,A_eq=Aeq,b_eq=beq,bounds=b,method='highs')
    return dict(loss=r.fun,weights=r.x[:p].tolist(),intercept=r.x[p])
out['qra']=dict(levels=levels,y=y.tolist(),models=[m.tolist() for m in models],
  fits=[dict(intercept=i,nonNegative=a,sumToOne=b,levels=[qra(k,i,a,b) for k in range(3)]) for i in (True,False) for a in (False,True) for b in (False,True)])
# factor QRA: 2 components at level index 1 by numpy svd
f=[]
for k in range(3):
    X=np.stack([m[:,k] for m in models],1); mu=X.mean(0); U,S,V=np.linalg.svd(X-mu,full_matrices=False); T=(X-mu)@V[:2].T
    tau=levels[k]; A=np.hstack([T,np.ones((n,1)),np.eye(n),-np.eye(n)])
    r=linprog(np.r_[np.zeros(3),np.full(n,tau),np.full(n,1-tau)]/n,A_eq=A,b_eq=y,bounds=[(None,None)]*3+[(0,None)]*(2*n),method='highs')
    w=V[:2].T@r.x[:2]; f.append(dict(loss=r.fun,weights=w.tolist(),intercept=r.x[2]-w@mu))
out['factor']=f
a=np.round(rng.normal(size=12),1); b=np.round(a+rng.normal(size=12),1); a[3]=a[4]; b[7]=b[1]
out['kendall']=dict(a=a.tolist(),b=b.tolist(),tauB=kendalltau(a,b).statistic)
# weighted least squares
X=np.round(rng.normal(size=(15,4)),3); yy=np.round(rng.normal(size=15),3); w=np.round(rng.uniform(.1,4,15),3)
c=np.linalg.lstsq(X*np.sqrt(w)[:,None],yy*np.sqrt(w),rcond=None)[0]
out['wls']=dict(features=X.tolist(),y=yy.tolist(),weights=w.tolist(),coefficients=c.tolist())
out['origin']=f'numpy {np.__version__} default_rng(11), scipy {scipy.__version__}: optimize.isotonic_regression; optimize.linprog(highs) on the primal program of quantile regression averaging (factor: on two numpy.linalg.svd components); stats.kendalltau (tau-b); numpy.linalg.lstsq on rows times the root of the weight'
def rnd(o):
    if isinstance(o,(float,np.floating)): return float('%.12g'%o)
    if isinstance(o,dict): return {k:rnd(v) for k,v in o.items()}
    if isinstance(o,list): return [rnd(v) for v in o]
    return o
json.dump(rnd(out), open(Path(__file__).with_suffix('.json'), 'w'), separators=(',', ':'))
